/* What the scripts of the site share: columns as `labrec.site.columnar` packs them, elements, files
 * to save. Loaded before those that use it; text is only ever set as text.
 */
(function () {
  "use strict";

  var OWN = /^[A-Za-z0-9._#/-]+$/;
  var FORMULA = /^[=+\-@\t\r]/;

  /* Return a function from the number of a row to its value. */
  function vector(packed) {
    if (Array.isArray(packed)) { return function (at) { return packed[at]; }; }
    if ("of" in packed) { return function (at) { return packed.of[packed.at[at]]; }; }
    if ("rest" in packed) {
      return function (at) { return packed.pre + packed.rest[at] + packed.post; };
    }
    return function () { return packed.all; };
  }

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) { made.className = className; }
    if (text !== undefined) { made.textContent = text; }
    return made;
  }

  function button(text, act, label) {
    var made = element("button", "lr-button", text);
    made.type = "button";
    if (label) { made.setAttribute("aria-label", label); }
    made.addEventListener("click", act);
    return made;
  }

  /* A link inside the site: anything else stays text. */
  function link(root, url, text) {
    if (!OWN.test(url)) { return document.createTextNode(text); }
    var made = element("a", "", text);
    made.setAttribute("href", (url.charAt(0) === "#" ? "" : root) + url);
    return made;
  }

  /* As `labrec.site.charts.figure.as_csv`: text that a spreadsheet would take for a formula is
   * preceded by an apostrophe. */
  function csv(rows) {
    return rows.map(function (row) {
      return row.map(function (value) {
        if (typeof value === "number" || value === null) { return value === null ? "" : String(value); }
        var text = FORMULA.test(value) ? "'" + value : value;
        return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
      }).join(",") + "\r\n";
    }).join("");
  }

  function save(name, text, type) {
    var link = element("a");
    link.href = URL.createObjectURL(new Blob([text], {type: type}));
    link.download = name;
    link.click();
    window.setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }

  /* Return a function that loads data of a project, from the folder of the page of comparisons. They
   * are scripts that hand over packed JSON: a page on a disk may load scripts and fetch nothing. */
  function shards(place) {
    var waiting = {}, known = {}, early = window.labrecShards || [];
    function unpack(packed) {
      var bytes = Uint8Array.from(window.atob(packed), function (char) { return char.charCodeAt(0); });
      var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream).text().then(JSON.parse);
    }
    function take(pair) {
      if (waiting[pair[0]]) { waiting[pair[0]](unpack(pair[1])); }
    }
    window.labrecShards = {push: take};
    early.forEach(take);
    return function (project, name) {
      var key = project + "/" + name;
      if (!Object.prototype.hasOwnProperty.call(known, key)) {
        known[key] = new Promise(function (resolve, reject) {
          var script = element("script");
          waiting[key] = resolve;
          script.src = place + key + ".js";
          script.onerror = function () { delete known[key]; reject(new Error("not there: " + key)); };
          document.head.appendChild(script);
        });
      }
      return known[key];
    };
  }

  /* What a reader chose, kept by the browser where it keeps anything. */
  function kept(key) {
    try { return JSON.parse(window.localStorage.getItem(key)); } catch (error) { return null; }
  }

  function keep(key, value) {
    try { window.localStorage.setItem(key, JSON.stringify(value)); } catch (error) { /* private */ }
  }

  /* Values that scripts beside a page hand over, by name: a browser that shows a file from the disk
   * may load scripts and fetch nothing. Return a promise of one; each script is loaded once. */
  var waiting = {}, asked = {};

  window.labrecParts = {push: function (given) {
    if (waiting[given[0]]) { waiting[given[0]](given[1]); }
  }};

  function part(name, url) {
    if (!asked[name]) {
      asked[name] = new Promise(function (resolve, reject) {
        var script = document.createElement("script");
        waiting[name] = resolve;
        script.onerror = function () {
          delete asked[name];
          reject(new Error("part of this page cannot be read: " + url));
        };
        script.src = url;
        document.head.append(script);
      });
    }
    return asked[name];
  }

  function ready(act) {
    if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", act); }
    else { act(); }
  }

  window.labrec = {part: part, vector: vector, element: element, button: button, link: link, csv: csv,
                   save: save, shards: shards, kept: kept, keep: keep, ready: ready};
})();
