/* Sets runs beside one another: what differs first, what is the same folded.
 *
 * The runs stand after the # of the address: project/run,project/run; a run without a project is of
 * the project before it. Their data are scripts of the site that hand over packed JSON (a page on a
 * disk may load scripts and fetch nothing), loaded as they are needed. Text is only ever set as
 * text; an address is made from ids and digests that were looked at first.
 */
(function () {
  "use strict";

  var MOST = 8; // runs beside one another
  var FOUND = 30; // runs that a search shows
  var EDITS = 600; // lines that a difference of texts looks for
  var PROJECT = /^[a-z0-9][a-z0-9._-]{0,63}$/;
  var RUN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
  var PICTURE = /^[0-9a-f]{16}\.(png|jpg)$/;
  var DIGEST = /^[0-9a-f]{32}$/;

  var home, root, shard, projects, chosen = [], drawing = 0;

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) { made.className = className; }
    if (text !== undefined) { made.textContent = text; }
    return made;
  }

  function button(text, what) {
    var made = element("button", "lr-button", text);
    made.type = "button";
    made.addEventListener("click", what);
    return made;
  }

  /* --- shards ------------------------------------------------------------------------------- */

  function load(one) {
    return shard(one.project, "runs-" + one.run.slice(-2)).then(function (runs) {
      var found = runs.filter(function (run) { return run.id === one.run; })[0];
      if (!found) { throw new Error("no run " + one.run); }
      return Object.assign({project: one.project}, found);
    });
  }

  /* --- the address -------------------------------------------------------------------------- */

  function read() {
    var project = projects.length === 1 ? projects[0] : "";
    var seen = {};
    return window.location.hash.slice(1).split(",").map(function (text) {
      var parts = text.split("/");
      if (parts.length === 2) { project = parts[0]; }
      return {project: project, run: parts[parts.length - 1]};
    }).filter(function (one) {
      var key = one.project + "/" + one.run;
      var is = PROJECT.test(one.project) && RUN.test(one.run) && !seen[key];
      seen[key] = true;
      return is;
    }).slice(0, MOST);
  }

  function write(list) {
    window.location.hash = list.map(function (one) { return one.project + "/" + one.run; }).join(",");
  }

  /* --- choosing ----------------------------------------------------------------------------- */

  function chooser() {
    var box = element("div", "lr-choose");
    var found = element("ul", "lr-found");
    var select = element("select"), input = element("input");
    found.setAttribute("aria-live", "polite");
    projects.forEach(function (name) {
      var option = element("option", "", name);
      option.value = name;
      select.append(option);
    });
    input.type = "search";
    [["Project", select], ["Name, id or state of a run", input]].forEach(function (field) {
      var label = element("label", "", field[0]);
      label.append(field[1]);
      box.append(label);
    });
    function show() {
      var project = select.value, wanted = input.value.trim().toLowerCase();
      if (!project) { return; }
      shard(project, "list").then(function (runs) {
        if (project !== select.value || wanted !== input.value.trim().toLowerCase()) { return; }
        var fit = runs.filter(function (run) {
          return !wanted || run.slice(0, 3).join(" ").toLowerCase().indexOf(wanted) >= 0;
        }).reverse();
        found.replaceChildren.apply(found, fit.slice(0, FOUND).map(function (run) {
          var item = element("li");
          item.append(button("+ " + run[1] + " · " + run[2] + " · " + (run[3] || run[0].slice(0, 13)),
            function () { write(chosen.concat([{project: project, run: run[0]}]).slice(0, MOST)); }));
          return item;
        }));
        if (fit.length > FOUND) {
          found.append(element("li", "lr-note", "and " + (fit.length - FOUND) + " more"));
        } else if (!fit.length) {
          found.append(element("li", "lr-note", "No run fits."));
        }
      }).catch(function () {
        found.replaceChildren(element("li", "lr-note", "The list of runs cannot be loaded."));
      });
    }
    select.addEventListener("change", show);
    input.addEventListener("input", show);
    var fold = element("details", "lr-choosing");
    fold.append(element("summary", "", "Choose runs"), box, found);
    fold.open = read().length < 2;
    home.append(fold);
    show();
  }

  function chips(runs) {
    var list = element("ol", "lr-chosen");
    runs.forEach(function (run, at) {
      var item = element("li");
      var remove = button("remove", function () {
        write(chosen.filter(function (_, other) { return other !== at; }));
      });
      remove.setAttribute("aria-label", "remove " + run.name);
      item.append(title(run), " ", remove);
      if (at) {
        var first = button("first", function () {
          write([chosen[at]].concat(chosen.filter(function (_, other) { return other !== at; })));
        });
        first.setAttribute("aria-label", "set all against " + run.name);
        item.append(" ", first);
      }
      list.append(item);
    });
    return list;
  }

  function title(run) {
    var link = element("a", "", run.name || run.id);
    link.href = root + "p/" + run.project + "/r/" + run.id + "/index.html";
    return link;
  }

  /* --- tables ------------------------------------------------------------------------------- */

  function head(runs, what) {
    var line = element("tr");
    line.append(element("th", "", what));
    runs.forEach(function (run, at) {
      var cell = element("th", "", (run.name || run.id.slice(0, 13)) + (at ? "" : " (first)"));
      cell.scope = "col";
      line.append(cell);
    });
    var made = element("thead");
    made.append(line);
    return made;
  }

  function table(runs, what, lines) {
    var box = element("div", "lr-beside"), made = element("table"), body = element("tbody");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", what);
    lines.forEach(function (line) { body.append(line); });
    made.append(head(runs, what), body);
    box.append(made);
    return box;
  }

  /* Lines of what differs, then a fold with those that are the same. Each side is a Map. */
  function section(runs, heading, what, sides, cell, same) {
    var keys = [], known = new Set();
    sides.forEach(function (side) {
      side.forEach(function (_, key) { if (!known.has(key)) { known.add(key); keys.push(key); } });
    });
    var made = element("section");
    made.append(element("h2", "", heading));
    if (!keys.length) {
      made.append(element("p", "lr-note", "None of them has any."));
      return made;
    }
    var differ = [], equal = [];
    keys.forEach(function (key) {
      var values = sides.map(function (side) { return side.get(key); });
      var is = values.every(function (value) {
        return value !== undefined && values[0] !== undefined && same(value, values[0]);
      });
      var line = element("tr"), name = element("th", "", key);
      name.scope = "row";
      line.append(name);
      values.forEach(function (value, at) { line.append(cell(value, values[0], at, key)); });
      (is ? equal : differ).push(line);
    });
    if (differ.length) { made.append(table(runs, what, differ)); }
    else { made.append(element("p", "lr-note", "No difference.")); }
    if (equal.length) {
      var fold = element("details"), word = equal.length === 1 ? " is" : " are";
      fold.append(element("summary", "", equal.length + word + " the same"), table(runs, what, equal));
      made.append(fold);
    }
    return made;
  }

  function pairs(runs, name) {
    return runs.map(function (run) {
      return new Map(run[name].map(function (row) { return [row[0], row[1]]; }));
    });
  }

  function missing() { return element("td", "lr-none", "—"); }

  function plain(value, first) {
    if (value === undefined) { return missing(); }
    return element("td", value === first ? "" : "lr-other", value);
  }

  function equals(a, b) { return a === b; }

  function short(value) {
    var size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
      var parts = value.toExponential(3).split("e");
      var power = String(Number(parts[1])).replace(/./g, function (digit) {
        return digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(digit));
      });
      return Number(parts[0]) + "×10" + power;
    }
    return String(Number(value.toPrecision(4)));
  }

  function signed(value) {
    return (value > 0 ? "+" : "") + short(value).replace(/-/g, "−");
  }

  function metric(value, first, at) {
    if (value === undefined) { return missing(); }
    var made = element("td", value[1] === null ? "lr-odd" : "", value[0] + (value[2] ? " " + value[2] : ""));
    if (!at || first === undefined || value[1] === null || first[1] === null) { return made; }
    var delta = value[1] - first[1];
    var side = delta === 0 || !value[3] ? "" :
      (delta > 0) === (value[3] === "maximize") ? "better" : "worse";
    var said = delta === 0 ? "same" : signed(delta) + (side ? " " + side : "");
    made.append(element("br"), element("span", side ? "lr-" + side : "lr-note", said));
    return made;
  }

  function metrics(runs) {
    var sides = runs.map(function (run) {
      return new Map(run.metrics.map(function (row) { return [row[0], row.slice(1)]; }));
    });
    return section(runs, "Metrics", "Metric", sides, metric, function (a, b) {
      return a[1] !== null && a[1] === b[1];
    });
  }

  function files(runs) {
    var sides = runs.map(function (run) {
      return new Map(run.files.map(function (row) {
        return [row[0], {size: row[2], digest: row[3], picture: row[4], text: row[5], run: run}];
      }));
    });
    return section(runs, "Files", "File", sides, function (value, first, at) {
      if (value === undefined) { return missing(); }
      var same = first !== undefined && first.digest === value.digest;
      var made = element("td", at && !same ? "lr-other" : "",
        value.size.toLocaleString("en") + " B, sha256 " + value.digest.slice(0, 12));
      if (PICTURE.test(value.picture)) {
        var image = element("img");
        image.src = root + "p/" + value.run.project + "/r/" + value.run.id + "/" + value.picture;
        image.alt = "as " + value.run.name + " left it";
        image.loading = "lazy";
        made.append(image);
      } else if (value.text && at && first && first.text && !same) {
        made.append(difference(first.text.split("\n"), value.text.split("\n")));
      } else if (value.text && !at) {
        var fold = element("details");
        fold.append(element("summary", "", "its beginning"), element("pre", "", value.text));
        made.append(fold);
      }
      return made;
    }, function (a, b) { return a.digest === b.digest; });
  }

  /* --- code --------------------------------------------------------------------------------- */

  function state(code, digest) {
    var now = new Set(), found = null;
    code.states.some(function (one) {
      one[1].forEach(function (at) { now.add(at); });
      one[2].forEach(function (at) { now.delete(at); });
      if (one[0] === digest) {
        found = new Map(Array.from(now, function (at) {
          var file = code.files[at];
          return [file[0], {mode: file[1], digest: file[2], size: file[3], text: file[4]}];
        }).sort(function (a, b) { return a[0] < b[0] ? -1 : 1; }));
      }
      return found;
    });
    return found;
  }

  function code(runs) {
    var made = element("section");
    made.append(element("h2", "", "Code"));
    var digests = runs.map(function (run) { return run.code; });
    if (digests[0] && digests.every(function (one) { return one === digests[0]; })) {
      made.append(element("p", "lr-note", "The code is the same."));
      return Promise.resolve(made);
    }
    return Promise.all(runs.map(function (run) {
      return shard(run.project, "code").then(function (all) { return state(all, run.code); });
    })).then(function (sides) {
      var unknown = runs.filter(function (_, at) { return !sides[at]; });
      if (unknown.length) {
        made.append(element("p", "lr-note", "Not known file by file: " +
          unknown.map(function (run) { return run.name; }).join(", ") + "."));
      }
      var known = runs.filter(function (_, at) { return sides[at]; });
      sides = sides.filter(Boolean);
      if (known.length < 2) { return made; }
      var found = section(known, "", "File", sides, function (value, first, at, path) {
        if (value === undefined) { return missing(); }
        var same = first !== undefined && first.digest === value.digest;
        var cell = element("td", at && !same ? "lr-other" : "",
          value.size.toLocaleString("en") + " B, sha256 " + value.digest.slice(0, 12) +
          (first && first.mode !== value.mode ? ", mode " + value.mode : ""));
        if (at && !same) { cell.append(lines(known[0], first, known[at], value, path)); }
        return cell;
      }, function (a, b) { return a.digest === b.digest && a.mode === b.mode; });
      found.firstChild.remove();
      made.append.apply(made, Array.from(found.childNodes));
      return made;
    }).catch(function () {
      made.append(element("p", "lr-note", "The code cannot be loaded."));
      return made;
    });
  }

  function text(run, file) {
    if (file === undefined) { return Promise.resolve([]); }
    if (!file.text || !DIGEST.test(file.digest)) { return Promise.resolve(null); }
    return shard(run.project, "t-" + file.digest);
  }

  function lines(one, before, other, now, path) {
    var fold = element("details");
    fold.append(element("summary", "", "lines"));
    fold.addEventListener("toggle", function () {
      if (!fold.open || fold.childNodes.length > 1) { return; }
      Promise.all([text(one, before), text(other, now)]).then(function (sides) {
        if (sides[0] === null || sides[1] === null) {
          fold.append(element("p", "lr-note", "Its lines are not here: no text, long, or the same in " +
            "all runs of one project. labrec diff " + one.id + " " + other.id + " --code"));
        } else {
          fold.append(difference(sides[0], sides[1]));
        }
      }).catch(function () {
        fold.append(element("p", "lr-note", "The lines of " + path + " cannot be loaded."));
      });
    });
    return fold;
  }

  /* The fewest edits, after E. W. Myers (1986); beyond the bound everything between is replaced. */
  function edits(old, now) {
    var reached = {1: 0}, trail = [];
    function from(kept, diagonal, count) {
      if (diagonal === -count) { return diagonal + 1; }
      return diagonal === count || kept[diagonal - 1] >= kept[diagonal + 1] ? diagonal - 1 : diagonal + 1;
    }
    function walked() {
      var x = old.length, y = now.length, back = [];
      for (var count = trail.length - 1; count >= 0; count -= 1) {
        var start = from(trail[count], x - y, count), before = trail[count][start];
        while (x > before && y > before - start) { x -= 1; y -= 1; back.push([" ", old[x]]); }
        if (count) {
          back.push(start > x - y ? ["+", now[y - 1]] : ["-", old[x - 1]]);
          x = before;
          y = before - start;
        }
      }
      return back.reverse();
    }
    for (var count = 0; count <= Math.min(old.length + now.length, EDITS); count += 1) {
      trail.push(Object.assign({}, reached));
      for (var diagonal = -count; diagonal <= count; diagonal += 2) {
        var start = from(reached, diagonal, count);
        var x = reached[start] + (start < diagonal ? 1 : 0);
        while (x < old.length && x - diagonal < now.length && old[x] === now[x - diagonal]) { x += 1; }
        reached[diagonal] = x;
        if (x >= old.length && x - diagonal >= now.length) { return walked(); }
      }
    }
    return old.map(function (line) { return ["-", line]; })
      .concat(now.map(function (line) { return ["+", line]; }));
  }

  function difference(old, now) {
    var start = 0, end = 0;
    while (start < Math.min(old.length, now.length) && old[start] === now[start]) { start += 1; }
    while (end < Math.min(old.length, now.length) - start &&
      old[old.length - 1 - end] === now[now.length - 1 - end]) { end += 1; }
    var whole = old.slice(0, start).map(function (line) { return [" ", line]; })
      .concat(edits(old.slice(start, old.length - end), now.slice(start, now.length - end)))
      .concat(old.slice(old.length - end).map(function (line) { return [" ", line]; }));
    var made = element("pre"), far = true;
    made.tabIndex = 0;
    whole.forEach(function (line, at) {
      var near = whole.slice(Math.max(0, at - 3), at + 4).some(function (other) {
        return other[0] !== " ";
      });
      if (near) {
        if (line[0] === " ") { made.append(" " + line[1] + "\n"); }
        else { made.append(element(line[0] === "+" ? "ins" : "del", "", line[0] + line[1]), "\n"); }
      } else if (!far) {
        made.append("…\n");
      }
      far = !near;
    });
    if (!made.childNodes.length) { made.append("the same lines\n"); }
    return made;
  }

  /* --- all of it ---------------------------------------------------------------------------- */

  function update() {
    var mine = drawing += 1;
    chosen = read();
    var old = home.querySelector(".lr-result");
    var result = element("div", "lr-result");
    result.setAttribute("aria-live", "polite");
    if (old) { old.replaceWith(result); } else { home.append(result); }
    if (!chosen.length) { return; }
    Promise.all(chosen.map(function (one) {
      return load(one).catch(function () { return {missing: one}; });
    })).then(function (loaded) {
      if (mine !== drawing) { return null; }
      var runs = loaded.filter(function (run) { return !run.missing; });
      chosen = runs.map(function (run) { return {project: run.project, run: run.id}; });
      loaded.forEach(function (run) {
        if (run.missing) {
          result.append(element("p", "lr-note", "Not in this site: " + run.missing.project + "/" + run.missing.run));
        } else if (run.problem) {
          result.append(element("p", "lr-note", run.name + ": " + run.problem));
        }
      });
      result.append(chips(runs));
      if (runs.length < 2) {
        result.append(element("p", "lr-note", "Add another run to compare it with."));
        return null;
      }
      return code(runs).then(function (codes) {
        if (mine !== drawing) { return; }
        result.append(
          metrics(runs),
          section(runs, "Features", "Feature", pairs(runs, "features"), plain, equals),
          codes,
          files(runs),
          section(runs, "Command", "What", pairs(runs, "command"), plain, equals),
          section(runs, "Environment", "What", pairs(runs, "environment"), plain, equals),
          section(runs, "Hardware", "What", pairs(runs, "hardware"), plain, equals)
        );
      });
    });
  }

  function start() {
    home = document.getElementById("lr-compare");
    if (!home) { return; }
    root = home.dataset.root;
    projects = Array.prototype.map.call(home.querySelectorAll("li"), function (item) {
      return item.textContent;
    }).filter(function (name) { return PROJECT.test(name); });
    if (typeof DecompressionStream !== "function") {
      home.append(element("p", "", "This browser is too old for this page."));
      return;
    }
    shard = window.labrec.shards(home.dataset.place);
    chooser();
    update();
    window.addEventListener("hashchange", update);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
