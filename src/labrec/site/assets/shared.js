/* Puts into a page what the theme has alike on every page and what only scripts have a use for.
 *
 * The build takes it out of the page (`labrec.site.theme`) and writes it before this script, as
 * `labrecShared`: markup of the theme without any text of the lab. A reader without JavaScript
 * misses nothing: the links of the navigation stand in the page, and take their looks from here.
 * It runs before the page is shown.
 */
(function () {
  "use strict";

  var shared = window.labrecShared;
  var root = document.currentScript.getAttribute("src").replace(/assets\/labrec\/[^/]*$/, "");
  delete window.labrecShared;

  /* The part of the navigation that a page lies below: the folder of a link that leads to it. */
  function isBelow(link) {
    var base = new URL(root || "./", window.location.href).href;
    var place = window.location.href.slice(base.length);
    if (/^p\/[^/]+\/r\//.test(place)) { place = "runs/"; } // a run lies with its project
    var folder = link.href.slice(base.length).replace(/[^/]*$/, "");
    return link.href === base + folder + "index.html" && folder !== "" && place.startsWith(folder);
  }

  /* An entry of the navigation as the theme has it, with its own link. */
  function dress(entry) {
    var made = document.createElement("template"), plain = entry.querySelector("a");
    made.innerHTML = shared.links["labrecNested" in entry.dataset ? 2 : 1];
    var link = made.content.querySelector("a");
    link.setAttribute("href", plain.getAttribute("href"));
    link.firstChild.textContent = plain.textContent;
    entry.replaceWith(made.content);
    if (isBelow(link)) {
      link.classList.add("md-nav__link--active");
      link.setAttribute("aria-current", "true");
    }
  }

  shared.parts.forEach(function (part) {
    document.querySelector(part[0]).insertAdjacentHTML(part[1], part[2].split(shared.root).join(root));
  });
  shared.icons.forEach(function (icon) { document.querySelector(icon[0]).innerHTML = icon[1]; });
  document.querySelectorAll(shared.links[0] + " > li").forEach(dress);

  // the title that the header shows once the heading is out of sight: that of the page alone
  var titles = document.querySelectorAll(".md-header__topic .md-ellipsis");
  if (titles.length > 1) {
    titles[1].textContent = document.title.slice(0, -" - ".length - titles[0].textContent.trim().length);
  }
})();
