/* Zooms a graph, lets arrow keys follow its edges, and chooses what its colours say. The drawing
 * itself is the page's; without this script it scrolls, every node is reached with the tab key, and
 * the colours say how each experiment compares with its parent.
 */
(function () {
  "use strict";

  var LEAST = 0.1, MOST = 3;
  var SVG = "http://www.w3.org/2000/svg";
  var SIGNS = {
    look: {"lr-is-better": "▲", "lr-is-worse": "▼", "lr-is-unclear": "~", "lr-is-unreplicated": "◇"},
    evidence: {"lr-evidence-for": "+", "lr-evidence-against": "−", "lr-evidence-both": "±"},
    shade: {"lr-shade-0": "1", "lr-shade-1": "2", "lr-shade-2": "3", "lr-shade-3": "4",
            "lr-shade-4": "5"},
    machine: {"lr-machine-0": "A", "lr-machine-1": "B", "lr-machine-2": "C", "lr-machine-3": "D",
              "lr-machine-4": "E", "lr-machine-5": "F", "lr-machine-6": "…"},
    status: {} // stands before each name
  };
  var lab = window.labrec;

  /* --- overlays ------------------------------------------------------------------------------- */

  /* A sign at the upper corner of each node that has one: no colour stands alone. */
  function badge(drawing, overlay) {
    drawing.querySelectorAll(".lr-badge").forEach(function (old) { old.remove(); });
    var signs = SIGNS[overlay], written = overlay === "look" && drawing.querySelector(".lr-value");
    Object.keys(signs).forEach(function (name) {
      drawing.querySelectorAll(".lr-node." + name).forEach(function (node) {
        if (written) { return; } // beside the value already
        var frame = node.querySelector(".lr-frame"), made = document.createElementNS(SVG, "text");
        made.setAttribute("class", "lr-badge");
        made.setAttribute("x", Number(frame.getAttribute("x")) + Number(frame.getAttribute("width")) - 6);
        made.setAttribute("y", Number(frame.getAttribute("y")) + 14);
        made.textContent = signs[name];
        node.append(made);
      });
    });
  }

  function chooser(drawing, legends) {
    var label = lab.element("label"), select = lab.element("select");
    label.append("Colour says ", select);
    legends.forEach(function (legend) {
      var option = lab.element("option", "", legend.dataset.title);
      option.value = legend.dataset.labrecOverlay;
      select.append(option);
    });
    function show() {
      legends.forEach(function (legend) {
        var name = legend.dataset.labrecOverlay, is = name === select.value;
        legend.hidden = !is;
        drawing.classList.toggle("lr-by-" + name, is);
        if (is) { badge(drawing, name); }
      });
    }
    select.addEventListener("change", show);
    show();
    return label;
  }

  /* --- keys ----------------------------------------------------------------------------------- */

  /* One node is reached with the tab key; from there arrows lead up to a parent, down to a child,
   * and to the side among the children of one parent. */
  function follow(frame, drawing) {
    var nodes = Array.prototype.slice.call(drawing.querySelectorAll(".lr-node"));
    var above = nodes.map(function (node) {
      return (node.dataset.above || "").split(" ").filter(Boolean).map(Number);
    });
    var below = nodes.map(function () { return []; });
    above.forEach(function (parents, at) {
      parents.forEach(function (parent) { below[parent].push(at); });
    });
    function is(at) { return nodes[at] && nodes[at].hasAttribute("href"); }
    function left(a, b) {
      return nodes[a].getBoundingClientRect().x - nodes[b].getBoundingClientRect().x || a - b;
    }
    function beside(at, step) {
      var parent = above[at].filter(is)[0];
      var row = (parent === undefined ? nodes.map(function (_, other) { return other; })
        .filter(function (other) { return !above[other].filter(is).length; }) : below[parent])
        .filter(is).slice().sort(left);
      return row[row.indexOf(at) + step];
    }
    var moves = {
      ArrowUp: function (at) { return above[at].filter(is)[0]; },
      ArrowDown: function (at) { return below[at].filter(is).sort(left)[0]; },
      ArrowLeft: function (at) { return beside(at, -1); },
      ArrowRight: function (at) { return beside(at, 1); }
    };
    function reach(at) {
      nodes.forEach(function (node, other) {
        if (is(other)) { node.setAttribute("tabindex", other === at ? "0" : "-1"); }
      });
    }
    var first = nodes.findIndex(function (node, at) { return is(at) && node.classList.contains("lr-kept"); });
    reach(first >= 0 ? first : nodes.findIndex(function (_, at) { return is(at); }));
    // at the frame: a drawing that listens to keys and focus takes the focus itself
    frame.addEventListener("keydown", function (event) {
      var at = nodes.indexOf(event.target.closest(".lr-node")), move = moves[event.key];
      if (at < 0 || !move || event.altKey || event.ctrlKey || event.metaKey) { return; }
      event.preventDefault(); // the frame does not scroll: it follows what is reached
      var next = move(at);
      if (next === undefined) { return; }
      reach(next);
      nodes[next].focus();
      nodes[next].scrollIntoView({block: "nearest", inline: "nearest"});
    });
    frame.addEventListener("focusin", function (event) {
      var at = nodes.indexOf(event.target.closest(".lr-node"));
      if (at >= 0) { reach(at); }
    });
  }

  /* --- size ----------------------------------------------------------------------------------- */

  /* Where a reader begins: at the top of the kept chain, else in the middle. */
  function middle(drawing) {
    var first = drawing.querySelector(".lr-node.lr-kept .lr-frame");
    if (!first) { return Number(drawing.getAttribute("width")) / 2; }
    return Number(first.getAttribute("x")) + Number(first.getAttribute("width")) / 2;
  }

  function equip(frame) {
    var drawing = frame.querySelector("svg");
    if (!drawing) { return; }
    var width = Number(drawing.getAttribute("width"));
    var height = Number(drawing.getAttribute("height"));
    var scale = 1;

    /* Keep what is in the middle of the frame there. */
    function zoom(next) {
      next = Math.min(MOST, Math.max(LEAST, next));
      var x = (frame.scrollLeft + frame.clientWidth / 2) / scale;
      var y = (frame.scrollTop + frame.clientHeight / 2) / scale;
      scale = next;
      drawing.setAttribute("width", Math.round(width * scale));
      drawing.setAttribute("height", Math.round(height * scale));
      frame.scrollLeft = x * scale - frame.clientWidth / 2;
      frame.scrollTop = y * scale - frame.clientHeight / 2;
    }

    var tools = lab.element("div", "lr-tools");
    tools.append(
      lab.button("−", function () { zoom(scale / 1.25); }, "Zoom out"),
      lab.button("+", function () { zoom(scale * 1.25); }, "Zoom in"),
      lab.button("Fit", function () { zoom((frame.clientWidth - 2) / width); }, "Fit the width"),
      lab.button("1 : 1", function () { zoom(1); }, "Natural size")
    );
    var legends = Array.prototype.slice.call(
      frame.parentElement.querySelectorAll("[data-labrec-overlay]"));
    if (legends.length > 1) { tools.append(chooser(drawing, legends)); }
    frame.before(tools);
    frame.addEventListener("wheel", function (event) {
      if (!event.ctrlKey) { return; } // the wheel alone scrolls
      event.preventDefault();
      zoom(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
    }, {passive: false});
    frame.scrollLeft = middle(drawing) - frame.clientWidth / 2;
    follow(frame, drawing);
  }

  lab.ready(function () { document.querySelectorAll("[data-labrec-graph]").forEach(equip); });
})();
