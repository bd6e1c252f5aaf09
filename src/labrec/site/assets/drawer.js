/* The navigation of small screens, which the theme opens by a click on a label: by keyboard, too.
 *
 * A button takes the place of the label: it has a name and says whether the navigation is open.
 * Closed, nothing in it takes the focus; Escape closes it. On wide screens there is no button, and
 * the navigation stands open beside the page.
 */
(function () {
  "use strict";

  var lab = window.labrec;

  function equip(toggle, label, drawer) {
    var button = lab.button("", function () { turn(!toggle.checked); });
    button.className = label.className + " lr-drawer";
    button.append.apply(button, Array.from(label.childNodes));
    button.setAttribute("aria-label", drawer.querySelector("nav").getAttribute("aria-label"));
    label.replaceWith(button);

    /* The first link that is in sight: lists of parts of the site lie over one another. */
    function first() {
      var inside = drawer.querySelectorAll(".md-nav__item--active");
      var list = inside.length ? inside[inside.length - 1].parentNode : drawer.querySelector("ul");
      return Array.from(list.querySelectorAll(":scope > li > a")).find(function (link) {
        return link.getClientRects().length;
      }) || button;
    }
    function tell() {
      var isSmall = window.getComputedStyle(button).display !== "none";
      drawer.inert = isSmall && !toggle.checked;
      button.setAttribute("aria-expanded", String(toggle.checked));
    }
    function turn(isOpen) {
      toggle.checked = isOpen;
      toggle.dispatchEvent(new Event("change", {bubbles: true}));
      (isOpen ? first() : button).focus({preventScroll: true});
    }
    toggle.addEventListener("change", tell);
    window.addEventListener("resize", tell);
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && toggle.checked) { turn(false); }
    });
    tell();
  }

  lab.ready(function () {
    var toggle = document.getElementById("__drawer");
    var label = document.querySelector(".md-header [for='__drawer']");
    var drawer = document.querySelector(".md-sidebar--primary");
    document.querySelectorAll(".md-nav__link--active:not([aria-current])").forEach(function (link) {
      link.setAttribute("aria-current", "page");
    });
    if (toggle && label && drawer) { equip(toggle, label, drawer); }
  });
})();
