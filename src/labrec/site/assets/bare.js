/* Light or dark, as the reader chose it on the other pages; else as the system has it.
 *
 * It runs before the page is shown. The theme keeps the choice under the folder of the site.
 */
(function () {
  "use strict";

  var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  try {
    var site = new URL("../../", document.currentScript.src).pathname;
    var kept = JSON.parse(window.localStorage.getItem(site + ".__palette"));
    if (kept && kept.color) { dark = kept.color.scheme === "slate"; }
  } catch (error) {
    // no storage, or something else in it: the system decides
  }
  document.documentElement.setAttribute("data-md-color-scheme", dark ? "slate" : "default");
})();
