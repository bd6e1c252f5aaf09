/* Sorts, filters and pages through the listings of a page.
 *
 * A short listing is read from its table; a long one from the JSON beside it. Text is only ever set
 * as text. A listing's state stays out of the address, so that a link to a row always works.
 */
(function () {
  "use strict";

  var PAGE = 200;
  var MARKS = ["", "better", "worse", "unclear", "unreplicated", "complete", "failed",
               "interrupted", "planned", "missing", "odd", "aside"];
  var OWN = /^[A-Za-z0-9._#/-]+$/;

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) { made.className = className; }
    if (text !== undefined) { made.textContent = text; }
    return made;
  }

  /* --- rows: {keys: what each column is sorted by, texts, line: its <tr>, once it was shown} --- */

  function fromTable(body) {
    return Array.prototype.map.call(body.rows, function (line) {
      var texts = [], keys = [];
      Array.prototype.forEach.call(line.cells, function (cell) {
        var text = cell.textContent.trim();
        texts.push(text);
        keys.push(cell.hasAttribute("data-none") ? null
          : cell.hasAttribute("data-sort") ? Number(cell.dataset.sort) : text.toLowerCase());
      });
      return {keys: keys, texts: texts, line: line, values: null};
    });
  }

  function fromJson(script) {
    return JSON.parse(script.textContent).map(function (values) {
      return {
        keys: values.map(function (cell) {
          return cell[1] === 0 ? cell[0].toLowerCase() : cell[1][0];
        }),
        texts: values.map(function (cell) { return cell[0]; }),
        line: null,
        values: values
      };
    });
  }

  function line(row, kinds, root) {
    if (row.line) { return row.line; }
    row.line = document.createElement("tr");
    row.values.forEach(function (cell, index) {
      var mark = MARKS[cell[3] || 0] || "";
      var place = element("td", "lr-" + kinds[index] + (mark ? " lr-" + mark : ""));
      if (cell[2] && OWN.test(cell[2])) {
        var link = element("a", "", cell[0] || "(no name)");
        link.setAttribute("href", (cell[2].charAt(0) === "#" ? "" : root) + cell[2]);
        place.append(link);
      } else {
        place.append(cell[0]);
      }
      if (cell[4]) { row.line.id = cell[4]; }
      row.line.append(place);
    });
    return row.line;
  }

  /* Numbers before text; what has no value, or is NaN, comes last whichever way. */
  function compare(column, down) {
    var way = down ? -1 : 1;
    return function (a, b) {
      var one = a.keys[column], other = b.keys[column];
      if (one === null || other === null) { return (one === null) - (other === null); }
      if (typeof one !== typeof other) { return typeof one === "number" ? -1 : 1; }
      return one < other ? -way : one > other ? way : 0;
    };
  }

  /* --- one listing ---------------------------------------------------------------------------- */

  function Listing(root) {
    this.root = root;
    this.body = root.querySelector("tbody");
    this.heads = Array.prototype.slice.call(root.querySelectorAll("thead th"));
    this.kinds = this.heads.map(function (head) { return head.dataset.kind; });
    var script = root.querySelector("script[type='application/json']");
    this.rows = script ? fromJson(script) : fromTable(this.body);
    this.rows.forEach(function (row, index) { row.place = index; });
    this.shown = this.rows;
    this.page = 0;
    this.wanted = "";
    this.choices = {};
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
    if (this.rows.length > 5) { this.root.prepend(this.tools()); }
    this.part = element("p", "lr-pages");
    this.part.setAttribute("aria-live", "polite");
    this.root.querySelector(".lr-foot").before(this.part);
    var said = this.root.querySelector(".lr-part");
    if (said) { said.remove(); }
    if (this.rows.length > PAGE) { this.show(); }
    this.jump();
    window.addEventListener("hashchange", function () { listing.jump(); });
  };

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
    return tools;
  };

  Listing.prototype.choice = function (tools, column) {
    var listing = this;
    var counts = new Map();
    this.rows.forEach(function (row) {
      var text = row.texts[column];
      counts.set(text, (counts.get(text) || 0) + 1);
    });
    if (counts.size < 2 || counts.size > 30) { return; }
    var label = element("label", "", this.heads[column].textContent.trim() + " ");
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
      var chosen = select.selectedOptions[0];
      if (select.value) { listing.choices[column] = chosen.dataset.text; }
      else { delete listing.choices[column]; }
      listing.filter();
    });
    label.append(select);
    tools.append(label);
  };

  Listing.prototype.filter = function () {
    var wanted = this.wanted, choices = this.choices;
    this.shown = this.rows.filter(function (row) {
      var fits = Object.keys(choices).every(function (column) {
        return row.texts[column] === choices[column];
      });
      return fits && (!wanted || row.texts.some(function (text) {
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
    var kinds = this.kinds, root = this.root.dataset.root;
    var start = this.page * PAGE;
    var lines = this.shown.slice(start, start + PAGE).map(function (row) {
      return line(row, kinds, root);
    });
    this.body.replaceChildren.apply(this.body, lines);
    this.pages(start, lines.length);
  };

  Listing.prototype.pages = function (start, count) {
    var listing = this, total = this.shown.length;
    this.part.replaceChildren();
    if (total <= PAGE && total === this.rows.length) { return; }
    var text = total === 0 ? "No row fits." : "Rows " + (start + 1).toLocaleString("en") + " to " +
      (start + count).toLocaleString("en") + " of " + total.toLocaleString("en") +
      (total < this.rows.length ? " that fit" : "") + ". ";
    this.part.append(text);
    [["Previous", -1, this.page > 0], ["Next", 1, start + count < total]].forEach(function (way) {
      if (total <= PAGE) { return; }
      var button = element("button", "lr-button", way[0]);
      button.type = "button";
      button.disabled = !way[2];
      button.addEventListener("click", function () {
        listing.page += way[1];
        listing.show();
        listing.root.scrollIntoView();
      });
      listing.part.append(button, " ");
    });
  };

  /* A link to a row that is not on the shown page turns to its page first. */
  Listing.prototype.jump = function () {
    var id = window.location.hash.slice(1);
    if (!id) { return; }
    var at = this.shown.findIndex(function (row) { return row.values && row.values[0][4] === id; });
    if (at < 0) { return; }
    this.page = Math.floor(at / PAGE);
    this.show();
    document.getElementById(id).scrollIntoView();
  };

  function start() {
    document.querySelectorAll("[data-labrec-listing]").forEach(function (root) {
      if (root.querySelector("thead th")) { new Listing(root); }
    });
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
