/* Zooms a graph and chooses what its colours say. The drawing itself is the page's; without this
 * script it scrolls, and its colours say how each experiment compares with its parent.
 */
(function () {
  "use strict";

  var LOOKS = [["look", "against its parent"], ["status", "how it ended"], ["shade", "its value"]];
  var LEAST = 0.1, MOST = 3;

  function button(text, label, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "lr-button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  function chooser(drawing) {
    var label = document.createElement("label");
    var select = document.createElement("select");
    label.append("Colour says ", select);
    LOOKS.forEach(function (look) {
      if (look[0] === "shade" && !drawing.querySelector("[class*='lr-shade-']")) { return; }
      var option = document.createElement("option");
      option.value = look[0];
      option.textContent = look[1];
      select.append(option);
    });
    select.addEventListener("change", function () {
      LOOKS.forEach(function (look) {
        drawing.classList.toggle("lr-by-" + look[0], look[0] === select.value);
      });
    });
    return label;
  }

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

    var tools = document.createElement("div");
    tools.className = "lr-tools";
    tools.append(
      button("−", "Zoom out", function () { zoom(scale / 1.25); }),
      button("+", "Zoom in", function () { zoom(scale * 1.25); }),
      button("Fit", "Fit the width", function () { zoom((frame.clientWidth - 2) / width); }),
      button("1 : 1", "Natural size", function () { zoom(1); }),
      chooser(drawing)
    );
    frame.before(tools);
    frame.addEventListener("wheel", function (event) {
      if (!event.ctrlKey) { return; } // the wheel alone scrolls
      event.preventDefault();
      zoom(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
    }, {passive: false});
    frame.scrollLeft = middle(drawing) - frame.clientWidth / 2;
  }

  function start() {
    document.querySelectorAll("[data-labrec-graph]").forEach(equip);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
