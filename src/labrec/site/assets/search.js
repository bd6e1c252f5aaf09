/* The search box of every page, and the search page.
 *
 * The index is read piece by piece, as scripts, so that it also works from a disk; what it holds is
 * described in labrec/site/search_index.py. Text is only ever set as text, and a result leads to a
 * page of this site or nowhere.
 */
(function () {
  "use strict";

  var lab = window.labrec, element = lab.element;
  var BASE = new URL("../../", document.currentScript.src).href;
  var PAGE = BASE + "search/index.html";
  var WORD = 32, LEAST = 4, IN_BOX = 8, ON_PAGE = 50, WAIT = 120;
  var UNSPACED = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]/g;
  var RUN_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

  /* --- the index ------------------------------------------------------------------------------ */

  var waiting = {}, shards = {};

  window.labrecIndex = {push: function (given) {
    if (waiting[given[0]]) { waiting[given[0]](given[1]); }
  }};

  function shard(name, version) {
    if (!shards[name]) {
      shards[name] = new Promise(function (resolve, reject) {
        var script = document.createElement("script");
        waiting[name] = resolve;
        script.onerror = function () {
          delete shards[name];
          reject(new Error("the index of the search cannot be read"));
        };
        script.src = BASE + "search/" + name + ".js" + (version ? "?" + version : "");
        document.head.append(script);
      });
    }
    return shards[name];
  }

  /* As `words` of labrec.site.search_index. */
  function words(text) {
    var plain = text.normalize("NFKD").replace(/\p{M}/gu, "").normalize("NFC")
      .replace(UNSPACED, " $& ").toLowerCase();
    return Array.from(new Set((plain.match(/[\p{L}\p{N}]+/gu) || []).map(function (word) {
      return Array.from(word).slice(0, WORD).join("");
    })));
  }

  function letters(word, count) {
    var made = [];
    for (var at = 0; at < count; at += 1) {
      made.push((word[at] ? word[at].codePointAt(0) : 0).toString(16));
    }
    return made.join("-");
  }

  function shardsOf(word, known) {
    var chars = Array.from(word), one = letters(chars, 1);
    return known.letters.filter(function (name) {
      return name === one || (chars.length > 1 ? name === letters(chars, 2)
        : name.indexOf(one + "-") === 0);
    });
  }

  function numbers(steps) {
    var found = [], at = -1;
    steps.forEach(function (step) {
      for (var left = step > 0 ? 1 : -step; left; left -= 1) {
        at += step > 0 ? step : 1;
        found.push(at);
      }
    });
    return found;
  }

  /* Where a sorted list of words begins to be at least a word. */
  function from(sorted, word) {
    var low = 0, high = sorted.length;
    while (low < high) {
      var middle = (low + high) >> 1;
      if (sorted[middle] < word) { low = middle + 1; } else { high = middle; }
    }
    return low;
  }

  /* Entries that have a word that begins so, with how well: a title beats text, a whole word beats
   * a beginning, a rare one beats a common one. */
  function having(word, known) {
    return Promise.all(shardsOf(word, known).map(function (name) {
      return shard("w-" + name, known.version);
    })).then(function (parts) {
      var scores = new Map();
      parts.forEach(function (part) {
        for (var at = from(part.word, word); at < part.word.length; at += 1) {
          if (part.word[at].slice(0, word.length) !== word) { break; }
          var whole = part.word[at] === word ? 2 : 1;
          add(scores, numbers(part.title[at]), 4 * whole);
          add(scores, numbers(part.text[at]), whole);
        }
      });
      var rare = Math.log(1 + known.entries / (1 + scores.size));
      scores.forEach(function (score, entry) { scores.set(entry, score * rare); });
      return scores;
    });
  }

  function add(scores, entries, score) {
    entries.forEach(function (entry) {
      scores.set(entry, Math.max(score, scores.get(entry) || 0));
    });
  }

  function byWords(query, known) {
    return Promise.all(words(query).map(function (word) { return having(word, known); }))
      .then(function (each) {
        var found = new Map();
        if (!each.length) { return found; }
        each.sort(function (a, b) { return a.size - b.size; });
        each[0].forEach(function (score, entry) {
          var all = each.every(function (scores) { return scores.has(entry); });
          if (all) {
            found.set(entry, each.reduce(function (sum, scores) {
              return sum + scores.get(entry);
            }, 0) * (entry < runsFrom(known) ? 1.5 : 1));
          }
        });
        return found;
      });
  }

  function runsFrom(known) { return known.starts[known.starts.length - 1]; }

  /* --- ids ------------------------------------------------------------------------------------ */

  /* The digits of an id, a digest or a citation; empty where a query is none of these. */
  function digits(query) {
    var text = query.trim().toLowerCase();
    var whole = text.match(RUN_ID);
    if (whole) { return whole[0].replace(/-/g, ""); }
    text = text.replace(/^sha256:/, "");
    return /^[0-9a-f][0-9a-f-]*$/.test(text) && text.replace(/-/g, "").length >= LEAST
      ? text.replace(/-/g, "") : "";
  }

  function idOf(url) { return (url.split("/")[3] || "").replace(/-/g, ""); }

  /* The shards that can hold what begins with a prefix, given what each begins with. */
  function spans(firsts, prefix) {
    var found = [];
    firsts.forEach(function (first, at) {
      var next = firsts[at + 1];
      if (first.slice(0, prefix.length) <= prefix && (next === undefined || next >= prefix)) {
        found.push(at);
      }
    });
    return found;
  }

  function byRunId(prefix, known) {
    var begin = Math.floor(runsFrom(known) / known.block);
    var found = spans(known.firsts.map(idOf), prefix).filter(function (at) { return at >= begin; });
    return Promise.all(found.slice(-2).map(function (at) {
      return shard("e-" + at, known.version).then(function (block) {
        var url = lab.vector(block.url), what = lab.vector(block.what), entries = [];
        var length = Math.min(known.block, known.entries - at * known.block);
        for (var row = 0; row < length; row += 1) {
          if (what(row) === known.what.length - 1 && idOf(url(row)).indexOf(prefix) === 0) {
            entries.push(at * known.block + row);
          }
        }
        return entries;
      });
    })).then(function (each) {
      return {entries: [].concat.apply([], each), all: found.length <= 2};
    });
  }

  function byDigest(prefix, known) {
    if (!known.digests.length) { return Promise.resolve({entries: [], all: true}); }
    var found = spans(known.digests, prefix.slice(0, known.digests[0].length));
    return Promise.all(found.slice(0, 2).map(function (at) {
      return shard("d-" + at, known.version);
    })).then(function (parts) {
      var entries = [];
      parts.forEach(function (part) {
        part.digest.forEach(function (digest, at) {
          var length = Math.min(digest.length, prefix.length);
          if (digest.slice(0, length) === prefix.slice(0, length)) { entries.push(part.entry[at]); }
        });
      });
      return {entries: entries, all: found.length <= 2};
    });
  }

  /* --- a query -------------------------------------------------------------------------------- */

  /* Return the numbers of the entries that fit, the best first, and the only one of that id. */
  function search(query) {
    return shard("all").then(function (known) {
      var prefix = digits(query), none = {entries: [], all: true};
      return Promise.all([
        byWords(query, known),
        prefix ? byRunId(prefix, known) : none,
        prefix ? byDigest(prefix, known) : none
      ]).then(function (found) {
        var scores = found[0], ids = found[1].entries.concat(found[2].entries);
        ids.forEach(function (entry) { scores.set(entry, 1000 + (scores.get(entry) || 0)); });
        var order = Array.from(scores.keys()).sort(function (a, b) {
          return scores.get(b) - scores.get(a) || b - a;
        });
        var alone = ids.length === 1 && found[1].all && found[2].all;
        return {known: known, entries: order, only: alone ? ids[0] : null};
      });
    });
  }

  function read(entries, known) {
    return Promise.all(entries.map(function (entry) {
      return shard("e-" + Math.floor(entry / known.block), known.version).then(function (block) {
        var at = entry % known.block;
        return {what: known.what[lab.vector(block.what)(at)], title: lab.vector(block.title)(at),
                note: lab.vector(block.note)(at), url: lab.vector(block.url)(at)};
      });
    }));
  }

  function kindOf(entry, known) {
    var at = known.starts.length - 1;
    while (known.starts[at] > entry) { at -= 1; }
    return known.what[at];
  }

  function resultLink(one) {
    var made = lab.link(BASE, one.url, "");
    if (made.nodeType !== 1) { made = element("span"); }
    made.className = "lr-result";
    made.append(element("span", "lr-what", one.what), element("span", "lr-title", one.title),
                element("span", "lr-note", one.note));
    return made;
  }

  /* Act on what was typed last, a moment after it was. */
  function later(act) {
    var timer = 0, turn = 0;
    return function () {
      window.clearTimeout(timer);
      var mine = turn += 1;
      timer = window.setTimeout(function () { act(function () { return mine === turn; }); }, WAIT);
    };
  }

  /* --- the box in the head of a page ---------------------------------------------------------- */

  function box() {
    var head = document.querySelector(".md-header__inner");
    if (!head) { return null; }
    var made = element("div", "lr-search"), input = element("input"), list = element("div");
    made.setAttribute("role", "search");
    made.setAttribute("aria-label", "Search the site");
    input.type = "search";
    input.placeholder = "Search";
    input.autocomplete = "off";
    input.spellcheck = false;
    list.id = "labrec-found";
    list.className = "lr-suggested";
    list.hidden = true;
    set(list, {role: "listbox", "aria-label": "Found"});
    set(input, {role: "combobox", "aria-label": "Search the lab", "aria-autocomplete": "list",
                "aria-controls": list.id, "aria-expanded": "false", "aria-keyshortcuts": "/"});
    var said = element("span", "lr-unseen");
    said.setAttribute("role", "status");
    made.append(input, list, said);
    var before = head.querySelector("form.md-header__option, .md-header__source");
    if (before) { before.before(made); } else { head.append(made); }
    equip(made, input, list, said);
    return input;
  }

  function set(node, attributes) {
    Object.keys(attributes).forEach(function (name) { node.setAttribute(name, attributes[name]); });
  }

  function equip(made, input, list, said) {
    var chosen = -1;

    function options() { return list.querySelectorAll("[role=option]"); }
    function open(is) {
      list.hidden = !is;
      input.setAttribute("aria-expanded", String(is));
      if (!is) { choose(-1); }
    }
    function choose(at) {
      chosen = at;
      options().forEach(function (option, number) {
        option.setAttribute("aria-selected", String(number === at));
        if (number === at) { option.scrollIntoView({block: "nearest"}); }
      });
      if (at < 0) { input.removeAttribute("aria-activedescendant"); }
      else { input.setAttribute("aria-activedescendant", options()[at].id); }
    }
    function show(found, total) {
      list.replaceChildren();
      found.forEach(function (one, at) {
        var option = resultLink(one);
        set(option, {role: "option", id: "labrec-found-" + at, tabindex: "-1", "aria-selected": "false"});
        list.append(option);
      });
      if (!found.length) { list.append(element("p", "lr-note", "Nothing is found.")); }
      if (total > found.length) {
        var more = element("a", "lr-result lr-all", "All " + total.toLocaleString("en") + " results");
        more.href = PAGE + "#" + encodeURIComponent(input.value.trim());
        set(more, {role: "option", id: "labrec-found-all", tabindex: "-1", "aria-selected": "false"});
        list.append(more);
      }
      said.textContent = total === 1 ? "1 result" : total.toLocaleString("en") + " results";
      open(true);
      choose(-1);
    }
    var ask = later(function (current) {
      var query = input.value.trim();
      if (!query) { open(false); said.textContent = ""; return; }
      search(query).then(function (found) {
        return read(found.entries.slice(0, IN_BOX), found.known).then(function (shown) {
          if (current()) { show(shown, found.entries.length); }
        });
      }).catch(function (error) { said.textContent = error.message; });
    });
    input.addEventListener("input", ask);
    input.addEventListener("focus", function () {
      if (input.value.trim() && list.hidden) { ask(); }
    });
    input.addEventListener("keydown", function (event) {
      var count = options().length;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden || !count) { ask(); return; }
        var step = event.key === "ArrowDown" ? 1 : -1;
        var next = (chosen + 1 + step + count + 1) % (count + 1) - 1; // -1: none, between the ends
        choose(next);
      } else if (event.key === "Enter" && input.value.trim()) {
        event.preventDefault();
        if (chosen >= 0 && options()[chosen].href) { options()[chosen].click(); }
        else { window.location.assign(PAGE + "#" + encodeURIComponent(input.value.trim())); }
      } else if (event.key === "Escape") {
        event.preventDefault(); // first the results go, then what was typed
        if (list.hidden) { input.value = ""; input.blur(); }
        open(false);
      }
      event.stopPropagation(); // the theme has keys of its own
    });
    document.addEventListener("click", function (event) {
      if (!made.contains(event.target)) { open(false); }
    });
    made.addEventListener("focusout", function (event) {
      if (event.relatedTarget && !made.contains(event.relatedTarget)) { open(false); }
    });
  }

  /* --- the search page ------------------------------------------------------------------------ */

  function asked() {
    try { return decodeURIComponent(window.location.hash.slice(1)); }
    catch (error) { return window.location.hash.slice(1); }
  }

  function page(place) {
    var label = element("label", "", "Search "), input = element("input");
    var which = element("select"), said = element("p", "lr-note"), list = element("ol", "lr-results");
    var more = lab.button("More", function () { count += ON_PAGE; show(); });
    var last = null, count = ON_PAGE;
    input.type = "search";
    input.spellcheck = false;
    which.setAttribute("aria-label", "What is searched");
    which.append(element("option", "", "everything"));
    said.setAttribute("role", "status");
    label.append(input);
    var tools = element("div", "lr-tools");
    tools.setAttribute("role", "search");
    tools.setAttribute("aria-label", "Search, with what is found on this page");
    tools.append(label, which);
    place.replaceChildren(tools, said, list, more);
    more.hidden = true;

    function show(current) {
      var known = last.known, kind = which.value;
      var fits = last.entries.filter(function (entry) {
        return which.selectedIndex === 0 || kindOf(entry, known) === kind;
      });
      read(fits.slice(0, count), known).then(function (shown) {
        if (current && !current()) { return; }
        list.replaceChildren.apply(list, shown.map(function (one) {
          var line = element("li");
          line.append(resultLink(one));
          return line;
        }));
        said.textContent = fits.length === 0 ? "Nothing is found."
          : (fits.length === 1 ? "1 result" : fits.length.toLocaleString("en") + " results") +
            (fits.length > shown.length ? ", the first " + shown.length : "") + ".";
        more.hidden = fits.length <= shown.length;
      });
    }
    function go(query, current, resolve) {
      if (!query) { list.replaceChildren(); said.textContent = ""; more.hidden = true; return; }
      search(query).then(function (found) {
        if (current && !current()) { return null; }
        last = found;
        count = ON_PAGE;
        if (which.options.length === 1) {
          found.known.what.forEach(function (kind) { which.append(element("option", "", kind)); });
        }
        if (!resolve || found.only === null) { return show(current); }
        return read([found.only], found.known).then(function (shown) {
          // back leads to where the reader came from, not here again
          if (lab.link(BASE, shown[0].url, "").href) { window.location.replace(BASE + shown[0].url); }
        });
      }).catch(function (error) { said.textContent = error.message; });
    }
    input.addEventListener("input", later(function (current) {
      var query = input.value.trim();
      window.history.replaceState(null, "", "#" + encodeURIComponent(query));
      go(query, current, false);
    }));
    which.addEventListener("change", function () { count = ON_PAGE; if (last) { show(); } });
    function follow() { input.value = asked(); go(input.value.trim(), null, true); }
    window.addEventListener("hashchange", follow);
    follow();
    return input;
  }

  lab.ready(function () {
    var head = box();
    var place = document.querySelector("[data-labrec-search]");
    var own = place ? page(place) : null;
    document.addEventListener("keydown", function (event) {
      var at = event.target, typing = at.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) { return; }
      event.preventDefault();
      if (own) { own.focus(); }
      else if (head && head.offsetParent) { head.focus(); head.select(); }
      else { window.location.assign(PAGE); }
    });
  });
})();
