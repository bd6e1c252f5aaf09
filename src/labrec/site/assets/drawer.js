/* The navigation of small screens, which the theme opens by a click alone: by keyboard, too.
 *
 * Its button has a name and says whether it is open; closed, nothing in it takes the focus; Escape
 * closes it. On wide screens the navigation stands open beside the page.
 */
(function () {
  "use strict";

  var lab = window.labrec;

  function equip(toggle, button, drawer) {
    button.tabIndex = 0;
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", drawer.querySelector("nav").getAttribute("aria-label"));

    /* Tell what is; the button is there on small screens only. */
    function tell() {
      var isSmall = window.getComputedStyle(button).display !== "none";
      drawer.inert = isSmall && !toggle.checked;
      button.setAttribute("aria-expanded", String(toggle.checked));
    }
    function turn(isOpen) {
      toggle.checked = isOpen;
      toggle.dispatchEvent(new Event("change", {bubbles: true}));
      (isOpen ? drawer.querySelector("a") : button).focus({preventScroll: true});
    }
    toggle.addEventListener("change", tell);
    window.addEventListener("resize", tell);
    button.addEventListener("keydown", function (event) {
      if (event.key !== "Enter" && event.key !== " ") { return; }
      event.preventDefault();
      event.stopPropagation(); // the theme clicks a label on Enter
      turn(!toggle.checked);
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && toggle.checked) { turn(false); }
    });
    tell();
  }

  lab.ready(function () {
    var toggle = document.getElementById("__drawer");
    var button = document.querySelector(".md-header [for='__drawer']");
    var drawer = document.querySelector(".md-sidebar--primary");
    document.querySelectorAll(".md-nav__link--active:not([aria-current])").forEach(function (link) {
      link.setAttribute("aria-current", "page");
    });
    if (toggle && button && drawer) { equip(toggle, button, drawer); }
  });
})();
