/* Offers, on the page of a graph, to give an experiment other parents: its runs are looked up in the
 * data of the page of comparisons, which are loaded when somebody types. The rest is propose.js.
 */
(function () {
  "use strict";

  var FOUND = 12; // experiments that a search shows
  var MOST = 200; // runs of one experiment that notes are made for
  var RUN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  var DIGEST = /^[0-9a-f]{64}$/;
  var lab = window.labrec;

  /* The experiments of a project, newest last: each its runs, as the list of runs has them. */
  function experiments(runs) {
    var found = new Map();
    runs.forEach(function (run) {
      if (!found.has(run[4])) { found.set(run[4], []); }
      found.get(run[4]).push(run);
    });
    return Array.from(found.values());
  }

  /* A run as a note names it. */
  function about(project, run) {
    var digest = "sha256:" + run.digest;
    return {kind: "run", id: run.id, digest: digest, project: project,
            called: run.fork ? project + "/" + run.id + "@" + digest : run.id,
            after: run.notes.map(function (one) { return "sha256:" + one; }).sort()};
  }

  function equip(place) {
    var project = place.dataset.labrecReparent, shard = lab.shards(place.dataset.place);
    var input = lab.element("input"), found = lab.element("ul", "lr-fits"), form = lab.element("div");
    var label = lab.element("label", "", "What derives from something else: its name, or digits of an id ");
    var tools = lab.element("div", "lr-propose");
    input.type = "search";
    found.setAttribute("aria-live", "polite");
    label.append(input);
    tools.append(label);
    place.replaceChildren(tools, found, form);

    function say(text) { found.replaceChildren(lab.element("li", "lr-note", text)); }

    function choose(runs) {
      var ids = runs.map(function (run) { return run[0]; }).filter(RUN.test, RUN).slice(0, MOST);
      Promise.all(ids.map(function (id) {
        return shard(project, "runs-" + id.slice(-2)).then(function (group) {
          return group.filter(function (run) { return run.id === id && DIGEST.test(run.digest); })[0];
        });
      })).then(function (whole) {
        var group = whole.filter(Boolean).map(about.bind(null, project));
        var name = runs[0][1], several = group.length > 1;
        if (group.length < runs.length || (several && whole.some(function (run) { return run.fork; }))) {
          say("Not here: " + name + " has very many runs, or one with several records. Their pages offer it.");
          return;
        }
        input.value = name;
        say(name + ": " + (several ? "all its " + group.length + " runs" : "run " + group[0].id));
        lab.offer(form, Object.assign({}, group[0], several ? {group: group} : {}), ["reparent"]);
      }).catch(function () { say("Its runs cannot be loaded."); });
    }

    function show() {
      var wanted = input.value.trim().toLowerCase();
      form.replaceChildren();
      if (!wanted) { found.replaceChildren(); return; }
      shard(project, "list").then(function (runs) {
        if (wanted !== input.value.trim().toLowerCase()) { return; }
        var fit = experiments(runs).filter(function (group) {
          return group.some(function (run) {
            return (run[1] + " " + run[0]).toLowerCase().indexOf(wanted) >= 0;
          });
        });
        if (!fit.length) { say("Nothing fits."); return; }
        found.replaceChildren.apply(found, fit.slice(0, FOUND).map(function (group) {
          var item = lab.element("li");
          item.append(lab.button(group[0][1] + (group.length > 1 ? " · " + group.length + " runs" : ""),
                                 function () { choose(group); }));
          return item;
        }));
        if (fit.length > FOUND) {
          found.append(lab.element("li", "lr-note", "and " + (fit.length - FOUND) + " more"));
        }
      }).catch(function () { say("The list of runs cannot be loaded."); });
    }
    input.addEventListener("input", show);
  }

  lab.ready(function () {
    if (typeof DecompressionStream !== "function") { return; } // the commands stand
    document.querySelectorAll("[data-labrec-reparent]").forEach(equip);
  });
})();
