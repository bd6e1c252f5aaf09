/* Offers, on a page about something recorded, the command that says something about it and the note
 * file to propose the same by pull request. Of several runs at once, as those of an experiment are, the
 * files are one patch. What is typed here leaves the page only as that command or file; text is only
 * ever set as text.
 */
(function () {
  "use strict";

  var lab = window.labrec, element = lab.element;
  var RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  /* Name of each thing that can be said: its words, what is typed for it, on what alone it is said (else
   * on anything), whether it says why, and from what is typed the arguments of the command and the body
   * of the note. */
  var SAYINGS = {
    comment: {title: "comment", asks: "Text", line: false,
              words: one, body: function (text) { return {text: text}; }},
    object: {title: "object to it", asks: "Objection", line: false,
             words: one, body: function (text) { return {text: text}; }},
    outcome: {title: "say what it found", asks: "Outcome", line: false, on: "run",
              words: one, body: function (text) { return {outcome: text}; }},
    tag: {title: "add tags", asks: "Tags, one after the other", line: true, on: "run",
          words: parts, body: function (text) { return {add: parts(text)}; }},
    reparent: {title: "give it other parents", asks: "All its parents: ids or names, one after the other; " +
               "nothing where it has none", line: true, on: "run", why: true, empty: true,
               words: function (text) { return text ? parts(text) : []; }, parents: true,
               body: function (text) { return {parents: parts(text).map(parent)}; }},
    link: {title: "link a publication", asks: "doi:… or https://…", line: true, on: "run",
           words: one, body: function (text) { return {to: "publication", target: text}; },
           fits: /^(?:https:\/\/|doi:)\S/},
    rename: {title: "give it another name", asks: "Name", line: true, on: "run",
             words: one, body: function (text) { return {name: text}; }},
    decide: {title: "decide it, whatever its rule says", asks: "Decision: supported, refuted or " +
             "inconclusive, which takes the verdict's place, or what comes next", line: true, on: "hypothesis", why: true,
             words: one, body: function (text) { return {decision: text}; }},
    retract: {title: "retract it", asks: "", line: true, on: "run", why: true,
              words: function () { return []; }, body: function () { return {}; }}
  };

  function one(text) { return [text]; }
  function parts(text) { return Array.from(new Set(text.split(/\s+/).filter(Boolean))); }
  function parent(text) {
    return RUN_ID.test(text) ? {by: "option", run_id: text} : {by: "option", name: text};
  }

  /* --- the command ---------------------------------------------------------------------------- */

  /* As a POSIX shell takes it for one word. */
  function quoted(text) {
    return /^[A-Za-z0-9_.,:@%+=/-]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\\''") + "'";
  }

  function command(about, name, text, why, author) {
    var saying = SAYINGS[name], words = saying.words(text), decides = name === "decide";
    var options = why ? ["--reason=" + quoted(why)] : [];
    if (author) { options.push("--author=" + quoted(author)); }
    if (saying.parents && !words.length) { options.unshift("--root"); }
    if (saying.parents && about.group) { options.unshift("--replicates"); }
    if (decides) { options.push("--project=" + quoted(about.project)); }
    // what begins with a dash is a word here, no option
    var rest = [decides ? about.id : about.called].concat(words);
    if (words.some(function (word) { return word.charAt(0) === "-"; })) { rest.unshift("--"); }
    return ["labrec", decides ? "hypothesis" : "note", name].concat(options, rest.map(quoted)).join(" ");
  }

  /* --- the file ------------------------------------------------------------------------------- */

  /* SHA-256 (FIPS 180-4); the browser's own is there on https alone. */
  function sha256(bytes) {
    var primes = [], k = [], h = [], at = 2, words = [], length = bytes.length;
    function fraction(root) { return (root - Math.floor(root)) * 4294967296 | 0; }
    for (; primes.length < 64; at += 1) {
      if (primes.every(function (prime) { return at % prime; })) { primes.push(at); }
    }
    primes.forEach(function (prime, number) {
      k.push(fraction(Math.cbrt(prime)));
      if (number < 8) { h.push(fraction(Math.sqrt(prime))); }
    });
    for (at = 0; at < (((length + 8) >> 6) + 1) * 16; at += 1) { words.push(0); }
    for (at = 0; at < length; at += 1) { words[at >> 2] |= bytes[at] << (24 - (at & 3) * 8); }
    words[length >> 2] |= 128 << (24 - (length & 3) * 8);
    words[words.length - 2] = Math.floor(length / 536870912);
    words[words.length - 1] = length << 3;
    for (at = 0; at < words.length; at += 16) { h = mixed(h, k, words.slice(at, at + 16)); }
    return h.map(function (word) { return (word >>> 0).toString(16).padStart(8, "0"); }).join("");
  }

  function mixed(before, k, w) {
    var s = before.slice();
    function turn(x, n) { return x >>> n | x << (32 - n); }
    for (var t = 0; t < 64; t += 1) {
      if (t > 15) {
        var a = w[t - 15], b = w[t - 2];
        w[t] = w[t - 16] + w[t - 7] + (turn(a, 7) ^ turn(a, 18) ^ a >>> 3) +
          (turn(b, 17) ^ turn(b, 19) ^ b >>> 10) | 0;
      }
      var one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
        (s[4] & s[5] ^ ~s[4] & s[6]) + k[t] + w[t] | 0;
      var two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) +
        (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]) | 0;
      s = [one + two | 0, s[0], s[1], s[2], s[3] + one | 0, s[4], s[5], s[6]];
    }
    return before.map(function (word, number) { return word + s[number] | 0; });
  }

  /* A new id: UUIDv7 of a moment (RFC 9562). */
  function newId(ms) {
    var random = window.crypto.getRandomValues(new Uint8Array(10));
    random[0] = random[0] & 15 | 112;
    random[2] = random[2] & 63 | 128;
    var tail = Array.from(random).map(function (byte) { return byte.toString(16).padStart(2, "0"); });
    var digits = ms.toString(16).padStart(12, "0") + tail.join("");
    return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20),
            digits.slice(20)].join("-");
  }

  /* JSON as `labrec.record.codec.encode` writes it: keys in order, two spaces, one last newline. */
  function written(value) {
    function inOrder(given) {
      if (Array.isArray(given)) { return given.map(inOrder); }
      if (given === null || typeof given !== "object") { return given; }
      var made = {};
      Object.keys(given).sort().forEach(function (key) { made[key] = inOrder(given[key]); });
      return made;
    }
    return JSON.stringify(inOrder(value), null, 2) + "\n";
  }

  function note(about, name, text, why, author) {
    var now = new Date(), id = newId(now.getTime());
    var data = written({
      schema: "labrec.note/1.0", note_id: id, project: about.project, kind: name,
      author: {name: author, source: "option"}, time: now.toISOString(), reason: why,
      subject: {kind: about.kind, id: about.id, digest: about.digest || null},
      after: about.after, body: SAYINGS[name].body(text)
    });
    var digest = sha256(new TextEncoder().encode(data));
    var folder = "records/" + about.project + "/notes/" + now.toISOString().slice(0, 10).replace(/-/g, "/") +
      "/" + id.slice(-1);
    return {data: data, name: id + "." + digest.slice(0, 32) + ".json", folder: folder};
  }

  /* Several note files as one file for `git apply`. */
  function patch(notes) {
    return notes.map(function (made) {
      var path = made.folder + "/" + made.name, lines = made.data.split("\n").slice(0, -1);
      return ["diff --git a/" + path + " b/" + path, "new file mode 100644", "--- /dev/null", "+++ b/" + path,
              "@@ -0,0 +1," + lines.length + " @@", "+" + lines.join("\n+"), ""].join("\n");
    }).join("");
  }

  /* What is saved, and how it gets onto a branch. */
  function packed(notes) {
    var first = notes[0];
    if (notes.length === 1) {
      return {name: first.name, data: first.data, type: "application/json",
              said: "Saved. Its name proves its bytes: do not edit it.",
              steps: ["mkdir -p " + first.folder, "mv ~/Downloads/" + first.name + " " + first.folder + "/",
                      "git add " + first.folder + "/" + first.name]};
    }
    var name = "notes-" + first.name.slice(0, 13) + ".patch";
    return {name: name, data: patch(notes), type: "text/x-diff",
            said: "Saved, " + notes.length + " notes: one a run. Do not edit them.",
            steps: ["git apply --index --whitespace=nowarn ~/Downloads/" + name]};
  }

  /* --- the page ------------------------------------------------------------------------------- */

  function field(title, made) {
    var label = element("label", "", title + " ");
    label.append(made);
    return label;
  }

  function block() {
    var pre = element("pre"), code = element("code");
    pre.tabIndex = 0;
    pre.append(code);
    return {place: pre, code: code};
  }

  /* What a page offers; what its place does not say is as plain as can be. */
  function equip(place) {
    var told = place.dataset, head = document.querySelector("meta[name='labrec.record']");
    offer(place, {kind: told.labrecPropose, id: told.id, project: told.project,
                  digest: "digest" in told ? told.digest : head && head.content,
                  called: told.called || told.id,
                  after: (told.after || "").split(" ").filter(Boolean).sort()}, Object.keys(SAYINGS));
  }

  /* Offer to say something about `about`; about.group are all runs of its experiment, where it is meant. */
  function offer(place, about, names) {
    var what = element("select"), text = element("textarea"), why = element("input");
    var author = element("input"), shown = block(), steps = block(), said = element("p", "lr-note");
    text.rows = 2;
    why.type = author.type = "text";
    names.forEach(function (name) {
      if (SAYINGS[name].on && SAYINGS[name].on !== about.kind) { return; }
      var option = element("option", "", SAYINGS[name].title);
      option.value = name;
      what.append(option);
    });
    var asked = field("", text), tools = element("div", "lr-propose");
    var wish = field("I want to", what);
    wish.hidden = what.length < 2;
    tools.append(wish, asked, field("Why", why), field("My name", author));
    var save = lab.button("Save the note file", function () { propose(); });
    said.setAttribute("role", "status");
    steps.place.hidden = true;
    place.replaceChildren(tools, element("p", "lr-note", "In a clone of the lab:"), shown.place,
                          element("p", "lr-note", "Without labrec, by pull request:"), save, said, steps.place);

    /* Text, reason and author as the command takes them; what is missing stands as a word for it. */
    function given(holes) {
      var saying = SAYINGS[what.value];
      var typed = saying.line ? text.value.split(/\s+/).filter(Boolean).join(" ") : text.value.trim();
      return [typed || (holes && saying.asks && !saying.empty ? "TEXT" : ""),
              why.value.trim() || (holes && saying.why ? "WHY" : ""), author.value.trim()];
    }
    function show() {
      var saying = SAYINGS[what.value];
      asked.hidden = !saying.asks;
      asked.firstChild.textContent = saying.asks + " ";
      var typed = given(true);
      shown.code.textContent = command(about, what.value, typed[0], typed[1], typed[2]);
      said.textContent = "";
      steps.place.hidden = true;
    }
    function missing(typed) {
      var saying = SAYINGS[what.value];
      if (saying.asks && !saying.empty && !typed[0]) { return "Say it first."; }
      if (saying.fits && !saying.fits.test(typed[0])) { return "A publication is doi:… or https://…."; }
      if (saying.why && !typed[1]) { return "Say why."; }
      return typed[2] ? "" : "A note says who speaks: give your name.";
    }
    function propose() {
      var typed = given(false), lacks = missing(typed);
      steps.place.hidden = Boolean(lacks);
      said.textContent = lacks;
      if (lacks) { return; }
      var made = packed((about.group || [about]).map(function (one) {
        return note(one, what.value, typed[0], typed[1], typed[2]);
      }));
      lab.save(made.name, made.data, made.type);
      said.textContent = made.said + " Then, in a clone of the lab:";
      var branch = "note-" + made.name.replace(/^notes-/, "").slice(0, 13);
      steps.code.textContent = ["git switch -c " + branch].concat(made.steps, [
        "git commit -m 'Note: " + what.value + "'", "labrec check HEAD --base HEAD~1",
        "git push -u origin " + branch + "   # then open a pull request"]).join("\n");
    }
    [what, text, why, author].forEach(function (input) { input.addEventListener("input", show); });
    show();
  }

  lab.offer = offer;
  lab.ready(function () { document.querySelectorAll("[data-labrec-propose]").forEach(equip); });
})();
