/* Sorts, filters and pages through the listings of a page, hides columns, saves what is shown.
 *
 * A short listing is read from its table; a long one from the JSON beside it, or from scripts in the
 * folder rows/ once a reader comes near it: a page is shown before all its rows are. A listing's state
 * stays out of the address, so that a link to a row always works; which columns are hidden is kept
 * by the browser.
 */
(function () {
  "use strict";

  var PAGE = 200, FEW = 5, CHOICES = 30;
  var MARKS = ["", "better", "worse", "unclear", "unreplicated", "complete", "failed",
               "interrupted", "planned", "missing", "odd", "aside"];
  var ODD = MARKS.indexOf("odd");
  var DAY = 86400;
  var lab = window.labrec, element = lab.element;

  /* --- rows: {keys: what each column is sorted by, texts, odd: which are no numbers, line: <tr>} - */

  function fromTable(body) {
    return Array.prototype.map.call(body.rows, function (line) {
      var row = {keys: [], texts: [], odd: [], line: line, anchor: line.id};
      Array.prototype.forEach.call(line.cells, function (cell) {
        var text = cell.textContent.trim();
        row.texts.push(text);
        row.odd.push(cell.classList.contains("lr-odd"));
        row.keys.push(cell.hasAttribute("data-none") ? null
          : cell.hasAttribute("data-sort") ? Number(cell.dataset.sort) : text.toLowerCase());
      });
      return row;
    });
  }

  function fromJson(given) {
    var anchor = lab.vector(given.anchor), rows = [];
    var columns = given.columns.map(function (column) {
      return {text: lab.vector(column.text), sort: lab.vector(column.sort),
              href: lab.vector(column.href), mark: lab.vector(column.mark)};
    });
    for (var at = 0; at < given.rows; at += 1) { rows.push(read(columns, at, anchor(at))); }
    return rows;
  }

  function read(columns, at, anchor) {
    var row = {keys: [], texts: [], odd: [], hrefs: [], marks: [], line: null, anchor: anchor};
    columns.forEach(function (column) {
      var text = column.text(at), sort = column.sort(at), mark = column.mark(at);
      row.texts.push(text);
      row.keys.push(sort === "" ? text.toLowerCase() : sort);
      row.odd.push(mark === ODD);
      row.hrefs.push(column.href(at));
      row.marks.push(MARKS[mark] || "");
    });
    return row;
  }

  function line(row, kinds, root) {
    if (row.line) { return row.line; }
    row.line = document.createElement("tr");
    if (row.anchor) { row.line.id = row.anchor; }
    row.texts.forEach(function (text, at) {
      var mark = row.marks[at];
      var place = element("td", "lr-" + kinds[at] + (mark ? " lr-" + mark : ""));
      place.append(row.hrefs[at] ? lab.link(root, row.hrefs[at], text || "(no name)") : text);
      row.line.append(place);
    });
    return row.line;
  }

  /* Numbers before text, then NaN and infinities, then what has no value, whichever way. */
  function compare(column, down) {
    var way = down ? -1 : 1;
    function rank(row) { return row.keys[column] !== null ? 0 : row.odd[column] ? 1 : 2; }
    return function (a, b) {
      var one = a.keys[column], other = b.keys[column];
      if (one === null || other === null) { return rank(a) - rank(b); }
      if (typeof one !== typeof other) { return typeof one === "number" ? -1 : 1; }
      return one < other ? -way : one > other ? way : 0;
    };
  }

  /* --- one listing ---------------------------------------------------------------------------- */

  function Listing(root, rows) {
    this.root = root;
    this.body = root.querySelector("tbody");
    this.heads = Array.prototype.slice.call(root.querySelectorAll("thead th"));
    this.kinds = this.heads.map(function (head) { return head.dataset.kind; });
    this.titles = this.heads.map(function (head) {
      return head.querySelector(".lr-head").textContent.trim();
    });
    this.rows = rows;
    this.rows.forEach(function (row, index) { row.place = index; });
    this.shown = this.rows;
    this.page = 0;
    this.wanted = "";
    this.tests = {};
    this.key = "labrec columns " + window.location.pathname + "#" + root.id;
    this.build();
  }

  Listing.prototype.build = function () {
    var listing = this;
    this.heads.forEach(function (head, column) {
      var button = element("button", "lr-sort");
      button.type = "button";
      while (head.firstChild) { button.append(head.firstChild); }
      head.append(button);
      button.addEventListener("click", function () { listing.sort(column); });
    });
    this.hidden = this.remembered();
    if (this.rows.length > FEW) { this.root.prepend(this.tools()); }
    else { this.hidden = []; }
    this.footer();
    if (this.rows.length > PAGE || this.hidden.length) { this.show(); }
    this.jump();
    window.addEventListener("hashchange", function () { listing.jump(); });
  };

  Listing.prototype.footer = function () {
    var listing = this;
    this.part = element("p", "lr-pages");
    this.said = element("span");
    this.said.setAttribute("role", "status");
    this.part.append(this.said);
    this.turns = [["Previous", -1], ["Next", 1]].map(function (way) {
      return lab.button(way[0], function () {
        listing.page += way[1];
        listing.show();
        listing.root.scrollIntoView();
      });
    });
    this.root.querySelector(".lr-foot").before(this.part);
    var first = this.root.querySelector(".lr-part");
    if (first) { first.remove(); }
  };

  /* --- tools ---------------------------------------------------------------------------------- */

  Listing.prototype.tools = function () {
    var listing = this;
    var tools = element("div", "lr-tools");
    var label = element("label", "", "Search ");
    var input = element("input");
    input.type = "search";
    input.addEventListener("input", function () {
      listing.wanted = input.value.trim().toLowerCase();
      listing.filter();
    });
    label.append(input);
    tools.append(label);
    this.kinds.forEach(function (kind, column) {
      if (kind === "choice") { listing.choice(tools, column); }
    });
    var panels = [this.panel(tools, "Ranges", this.ranges()),
                  this.panel(tools, "Columns", this.columns())].filter(Boolean);
    tools.append(lab.button("Save as CSV", function () { listing.save(); },
                            "Save as CSV the rows and columns that are shown"));
    tools.append.apply(tools, panels);
    return tools;
  };

  /* A button that opens a panel below the tools; Escape closes it. */
  Listing.prototype.panel = function (tools, name, content) {
    if (!content) { return null; }
    content.id = this.root.id + "-" + name.toLowerCase();
    content.className = "lr-panel";
    content.hidden = true;
    content.setAttribute("role", "group");
    content.setAttribute("aria-label", name);
    function open(is) {
      content.hidden = !is;
      opener.setAttribute("aria-expanded", String(is));
    }
    var opener = lab.button(name, function () { open(content.hidden); });
    opener.setAttribute("aria-controls", content.id);
    open(false);
    content.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { open(false); opener.focus(); }
    });
    tools.append(opener);
    return content;
  };

  Listing.prototype.choice = function (tools, column) {
    var listing = this;
    var counts = new Map();
    this.rows.forEach(function (row) {
      var text = row.texts[column];
      counts.set(text, (counts.get(text) || 0) + 1);
    });
    if (counts.size < 2 || counts.size > CHOICES) { return; }
    var label = element("label", "", this.titles[column] + " ");
    var select = element("select");
    select.append(element("option", "", "all"));
    select.firstChild.value = "";
    Array.from(counts.keys()).sort().forEach(function (text, index) {
      var option = element("option", "", (text || "none") + " (" + counts.get(text) + ")");
      option.value = String(index + 1);
      option.dataset.text = text;
      select.append(option);
    });
    select.addEventListener("change", function () {
      var text = select.selectedOptions[0].dataset.text;
      listing.test("choice " + column, select.value && function (row) {
        return row.texts[column] === text;
      });
    });
    label.append(select);
    tools.append(label);
  };

  Listing.prototype.test = function (name, test) {
    if (test) { this.tests[name] = test; } else { delete this.tests[name]; }
    this.filter();
  };

  Listing.prototype.ranges = function () {
    var listing = this, panel = element("div");
    this.kinds.forEach(function (kind, column) {
      if (kind === "number" || kind === "time") { panel.append(listing.range(column, kind)); }
    });
    return panel.firstChild && panel;
  };

  /* Bounds of a number or a day, both included, and whether there is a value at all. */
  Listing.prototype.range = function (column, kind) {
    var listing = this, head = this.heads[column];
    var name = this.titles[column] + (head.dataset.measure ? " (" + head.dataset.measure + ")" : "");
    var bounds = [["from", "at least"], ["to", "at most"]].map(function (way) {
      var input = element("input");
      input.type = kind === "time" ? "date" : "number";
      if (kind === "number") { input.step = "any"; }
      input.setAttribute("aria-label", name + ", " + way[1]);
      input.addEventListener("input", apply);
      return input;
    });
    var which = element("select");
    which.setAttribute("aria-label", name + ", which rows");
    ["any", "with a value", "NaN or ∞", "missing"].forEach(function (text) {
      which.append(element("option", "", text));
    });
    which.addEventListener("change", apply);

    function bound(input, more) {
      if (input.value === "") { return null; }
      return kind === "time" ? Date.parse(input.value + "T00:00Z") / 1000 + more : Number(input.value);
    }
    function apply() {
      var low = bound(bounds[0], 0), high = bound(bounds[1], DAY - 1);
      var chosen = which.selectedIndex;
      listing.test("range " + column, (low !== null || high !== null || chosen > 0) &&
        function (row) {
          var value = row.keys[column];
          if (typeof value !== "number") {
            return chosen > 1 && row.odd[column] === (chosen === 2);
          }
          return chosen < 2 && (low === null || value >= low) && (high === null || value <= high);
        });
    }

    var made = element("div", "lr-range");
    made.append(element("span", "", name), " from ", bounds[0], " to ", bounds[1], " ", which);
    return made;
  };

  /* --- columns -------------------------------------------------------------------------------- */

  Listing.prototype.remembered = function () {
    var titles = this.titles, kept = lab.kept(this.key);
    if (Array.isArray(kept)) {
      return kept.map(function (title) { return titles.indexOf(title); })
        .filter(function (column) { return column > 0; });
    }
    return this.heads.map(function (head, column) {
      return head.hasAttribute("data-hidden") ? column : 0;
    }).filter(Boolean);
  };

  /* The first column says what a row is and stays. */
  Listing.prototype.columns = function () {
    var listing = this, panel = element("div");
    this.titles.forEach(function (title, column) {
      if (!column) { return; }
      var label = element("label"), box = element("input");
      box.type = "checkbox";
      box.checked = listing.hidden.indexOf(column) < 0;
      box.addEventListener("change", function () {
        listing.hidden = listing.hidden.filter(function (other) { return other !== column; });
        if (!box.checked) { listing.hidden.push(column); }
        lab.keep(listing.key, listing.hidden.map(function (at) { return listing.titles[at]; }));
        listing.show();
      });
      label.append(box, " ", title);
      panel.append(label);
    });
    return panel.firstChild && panel;
  };

  Listing.prototype.hide = function (cells) {
    var hidden = this.hidden;
    Array.prototype.forEach.call(cells, function (cell, column) {
      cell.hidden = hidden.indexOf(column) >= 0;
    });
  };

  /* --- what is shown -------------------------------------------------------------------------- */

  Listing.prototype.filter = function () {
    var wanted = this.wanted, tests = Object.values(this.tests);
    this.shown = this.rows.filter(function (row) {
      return tests.every(function (test) { return test(row); }) &&
        (!wanted || row.texts.some(function (text) {
          return text.toLowerCase().indexOf(wanted) >= 0;
        }));
    });
    this.order();
  };

  /* A first click sorts upwards, a second downwards, a third goes back to the order of the page. */
  Listing.prototype.sort = function (column) {
    var head = this.heads[column];
    var next = {none: "ascending", ascending: "descending", descending: "none"}[
      head.getAttribute("aria-sort") || "none"];
    this.heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
    if (next !== "none") { head.setAttribute("aria-sort", next); }
    this.by = next === "none" ? null : compare(column, next === "descending");
    this.order();
  };

  Listing.prototype.order = function () {
    this.shown = this.shown.slice().sort(function (a, b) { return a.place - b.place; });
    if (this.by) { this.shown.sort(this.by); }
    this.page = 0;
    this.show();
  };

  Listing.prototype.show = function () {
    var listing = this, kinds = this.kinds, root = this.root.dataset.root;
    var start = this.page * PAGE;
    var lines = this.shown.slice(start, start + PAGE).map(function (row) {
      var made = line(row, kinds, root);
      listing.hide(made.cells);
      return made;
    });
    this.hide(this.heads);
    this.body.replaceChildren.apply(this.body, lines);
    this.pages(start, lines.length);
  };

  Listing.prototype.pages = function (start, count) {
    var total = this.shown.length, part = this.part;
    function told(number) { return number.toLocaleString("en"); }
    var text = total === 0 ? "No row fits." : "Rows " + told(start + 1) + " to " +
      told(start + count) + " of " + told(total) +
      (total < this.rows.length ? " that fit" : "") + ". ";
    this.said.textContent = total <= PAGE && total === this.rows.length ? "" : text;
    this.turns[0].disabled = this.page === 0;
    this.turns[1].disabled = start + count >= total;
    this.turns.forEach(function (turn) {
      if (total <= PAGE) { turn.remove(); } else { part.append(turn); }
    });
  };

  /* The numbers exact, not as they are shown. */
  Listing.prototype.save = function () {
    var listing = this;
    var columns = this.titles.map(function (_, column) { return column; })
      .filter(function (column) { return listing.hidden.indexOf(column) < 0; });
    var head = columns.map(function (column) { return listing.titles[column]; });
    var rows = this.shown.map(function (row) {
      return columns.map(function (column) {
        var key = row.keys[column];
        if (listing.kinds[column] === "number") {
          return typeof key === "number" || !row.odd[column] ? key : row.texts[column];
        }
        return key === null && listing.kinds[column] === "time" ? null : row.texts[column];
      });
    });
    lab.save(this.root.id + "-shown.csv", lab.csv([head].concat(rows)), "text/csv;charset=utf-8");
  };

  /* A link to a row that is not on the shown page turns to its page first. */
  Listing.prototype.jump = function () {
    var id = window.location.hash.slice(1);
    if (!id || this.rows.length <= PAGE) { return; }
    var at = this.shown.findIndex(function (row) { return row.anchor === id; });
    if (at < 0) { return; }
    this.page = Math.floor(at / PAGE);
    this.show();
    document.getElementById(id).scrollIntoView();
  };

  /* --- where the rows come from --------------------------------------------------------------- */

  function start(root) {
    var script = root.querySelector("script[type='application/json']");
    var given = script && JSON.parse(script.textContent);
    if (!given) { new Listing(root, fromTable(root.querySelector("tbody"))); }
    else if (given.parts) { later(root, given); }
    else { new Listing(root, fromJson(given)); }
  }

  /* A listing whose rows lie in parts: they are loaded once it comes near, or a link leads to one. */
  function later(root, given) {
    var tools = element("div", "lr-tools lr-waiting"), said = element("span", "lr-note"), asked = false;
    said.setAttribute("role", "status");
    said.textContent = "To sort and search, all " + given.rows.toLocaleString("en") + " rows are read …";
    tools.append(said);
    root.prepend(tools);

    function load() {
      if (asked) { return; }
      asked = true;
      Promise.all(given.parts.map(function (name) {
        return lab.part(name, "rows/" + name + ".js");
      })).then(function (parts) {
        tools.remove();
        new Listing(root, [].concat.apply([], parts.map(fromJson)));
      }).catch(function (error) {
        asked = false;
        said.textContent = "Not all rows could be read; only the first are shown. Load the page again.";
        window.console.warn("labrec:", error);
      });
    }
    function led() {
      var id = window.location.hash.slice(1);
      if (given.anchors && id && !document.getElementById(id)) { load(); }
    }
    window.addEventListener("hashchange", led);
    whenShown(function () {
      led();
      if (!("IntersectionObserver" in window)) { load(); return; }
      var observer = new IntersectionObserver(function (entries) {
        if (entries.some(function (entry) { return entry.isIntersecting; })) {
          observer.disconnect();
          load();
        }
      }, {rootMargin: "300px"});
      observer.observe(root);
    });
  }

  /* What a page shows at first comes before what it may need. */
  function whenShown(act) {
    if (document.readyState === "complete") { act(); }
    else { window.addEventListener("load", function () { window.setTimeout(act, 0); }); }
  }

  lab.ready(function () {
    document.querySelectorAll("[data-labrec-listing]").forEach(function (root) {
      if (root.querySelector("thead th")) { start(root); }
    });
  });
})();
