/* Shows on a project's board which of its runs are alive, where `labrec site serve` serves the page:
 * the header of the page says so, and only then is anything asked. A published board has none.
 */
(function () {
  "use strict";

  var MARK = "labrec-preview", EVERY = 5000;
  var lab = window.labrec, element = lab.element;
  var ROOT = new URL("../../", document.currentScript.src);

  function isPreview() {
    return window.performance.getEntriesByType("navigation").some(function (entry) {
      return (entry.serverTiming || []).some(function (one) { return one.name === MARK; });
    });
  }

  function show(column, runs) {
    var count = element("span", "lr-count", String(runs.length));
    var head = element("h3", "", "Running "), list = element("ul");
    head.id = "board-running";
    head.append(count);
    runs.forEach(function (run) {
      var line = element("li", "", run.name || "(no name)");
      var since = run.started.replace("T", " ").slice(0, 16);
      line.append(element("span", "", since ? "since " + since + " UTC" : ""));
      list.append(line);
    });
    column.replaceChildren(head, runs.length ? list : element("p", "", "none"));
  }

  function watch(board) {
    var column = element("section", "lr-column lr-running");
    column.setAttribute("aria-labelledby", "board-running");
    function ask() {
      if (document.hidden) { return; }
      window.fetch(new URL("labrec-running.json", ROOT)).then(function (answer) {
        return answer.ok ? answer.json() : [];
      }).then(function (runs) {
        show(column, runs.filter(function (run) { return run.project === board.dataset.labrecBoard; }));
        if (!column.isConnected) { board.prepend(column); }
      }).catch(function () { column.remove(); }); // the server has ended
    }
    ask();
    window.setInterval(ask, EVERY);
  }

  lab.ready(function () {
    var board = document.querySelector("[data-labrec-board]");
    if (board && window.location.protocol === "http:" && isPreview()) { watch(board); }
  });
})();
