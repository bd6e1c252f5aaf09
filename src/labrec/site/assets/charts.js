/* Draws a chart when it comes into view: replaces the standing SVG by one that answers the pointer.
 * One of thousands of points, whose data lie in a script beside the page, is drawn once a reader
 * points at it: drawing it takes a second.
 *
 * A page holds data and texts only. What a chart looks like comes from the specifications in
 * vega.js, which are the same for every page; Vega interprets them and evaluates nothing (no eval
 * under the site's Content-Security-Policy). Colours are CSS variables, so the theme needs no
 * second drawing.
 */
(function () {
  "use strict";

  var HERE = document.currentScript ? document.currentScript.src : "";
  var OWN = /^[A-Za-z0-9._~#/-]+$/; // an address inside the site, as our pages write them
  var loading = null;

  function load() {
    if (!loading) {
      loading = new Promise(function (resolve, reject) {
        var script = document.createElement("script");
        script.src = new URL("vega.js", HERE).href;
        script.onload = resolve;
        script.onerror = reject;
        document.head.appendChild(script);
      });
    }
    return loading;
  }

  /* Put texts in the places of a specification that wait for one. Data is never looked at. */
  function filled(part, texts) {
    if (typeof part === "string" && part.charAt(0) === "@") {
      return Object.prototype.hasOwnProperty.call(texts, part) ? texts[part] : "";
    }
    if (Array.isArray(part)) {
      return part.map(function (item) { return filled(item, texts); });
    }
    if (part && typeof part === "object") {
      var copy = {};
      Object.keys(part).forEach(function (key) { copy[key] = filled(part[key], texts); });
      return copy;
    }
    return part;
  }

  /* The points of a page; curves with steps at equal distances say their first step and the distance. */
  function points(data) {
    return (data.even || []).reduce(function (all, curve) {
      return all.concat(curve[3].map(function (value, at) {
        return [curve[0], curve[1] + at * curve[2], value];
      }));
    }, []).concat(data.points);
  }

  function rows(data, fields) {
    return points(data).map(function (values) {
      var row = {};
      fields.forEach(function (field, index) { row[field] = values[index]; });
      if (data.names) { row.name = data.names[row.look - 1]; }
      return row;
    });
  }

  function specification(kind, data) {
    var known = window.labrecCharts[kind];
    var texts = {"@first": data.ends[0], "@last": data.ends[1],
                 "@low": data.range[0], "@high": data.range[1]};
    Object.keys(data.texts).forEach(function (name) { texts["@" + name] = data.texts[name]; });
    var spec = filled(known.spec, texts);
    if (!window.matchMedia("(pointer: fine)").matches) {
      // a finger that moves over a chart scrolls the page
      spec.params = (spec.params || []).filter(function (param) { return param.name !== "zoom"; });
    }
    spec.datasets = {points: rows(data, known.fields)};
    return spec;
  }

  function config(font) {
    var text = {labelColor: "var(--lr-muted)", titleColor: "var(--lr-text)",
                labelFont: font, titleFont: font, labelFontSize: 11, titleFontSize: 12,
                titleFontWeight: 500, domainColor: "var(--lr-line)", tickColor: "var(--lr-line)",
                gridColor: "var(--lr-grid)", labelPadding: 6, tickSize: 4};
    return {background: "transparent", axis: text, view: {stroke: null}, aria: false,
            padding: {left: 4, right: 12, top: 4, bottom: 4}, axisY: {domain: false, ticks: false}};
  }

  function refuse() { return Promise.reject(new Error("charts load nothing")); }

  function follow(view) {
    view.addEventListener("click", function (event, item) {
      var href = item && item.datum && item.datum.href;
      if (typeof href === "string" && OWN.test(href)) { window.location.href = href; }
    });
  }

  function draw(script, data) {
    var figure = script.closest("figure");
    var canvas = document.createElement("div");
    canvas.className = "lr-canvas";
    canvas.setAttribute("aria-hidden", "true"); // its words are the figure's caption
    if (data.height) { canvas.style.height = Number(data.height) + "px"; } // as many rows as it has
    figure.querySelector(".lr-stand").after(canvas);
    var options = {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, hover: false,
      defaultStyle: false, tooltip: {disableDefaultStyle: true}, logLevel: 0,
      config: config(window.getComputedStyle(figure).fontFamily),
      loader: {load: refuse, sanitize: refuse, http: refuse, file: refuse}
    };
    var spec = specification(script.dataset.labrecChart, data);
    return window.vegaEmbed(canvas, spec, options).then(function (result) {
      follow(result.view);
      figure.classList.add("lr-drawn");
    });
  }

  function given(script) {
    var source = script.dataset.source;
    return source ? window.labrec.part(source.replace(/\.js$/, ""), source)
      : Promise.resolve(JSON.parse(script.textContent));
  }

  function start(script) {
    Promise.all([given(script), load()]).then(function (found) {
      return draw(script, found[0]);
    }).catch(function (error) {
      // the standing SVG stays: a chart that cannot be drawn costs a reader nothing
      var canvas = script.closest("figure").querySelector(".lr-canvas");
      if (canvas) { canvas.remove(); }
      window.console.warn("labrec: a chart stays as it stands:", error);
    });
  }

  /* Who uses the keyboard keeps the standing drawing and the links in it. */
  function whenPointedAt(figure, script) {
    figure.querySelector(".lr-stand").addEventListener("pointerenter", function () {
      start(script);
    }, {once: true});
  }

  function watch() {
    var scripts = document.querySelectorAll("script[data-labrec-chart]");
    if (!scripts.length || !("IntersectionObserver" in window)) { return; }
    var observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) { return; }
        observer.unobserve(entry.target);
        start(entry.target.querySelector("script[data-labrec-chart]"));
      });
    }, {rootMargin: "200px"});
    scripts.forEach(function (script) {
      var figure = script.closest("figure");
      if (script.dataset.source) { whenPointedAt(figure, script); } else { observer.observe(figure); }
    });
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", watch);
  } else {
    watch();
  }
})();
