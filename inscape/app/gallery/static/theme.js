// Runs before the page is drawn, so that no visitor of the dark sees a flash of white.
(function () {
  "use strict";
  try {
    var chosen = localStorage.getItem("inscape-theme");
    if (chosen === "dark" || chosen === "light") { document.documentElement.dataset.theme = chosen; }
  } catch (error) { /* A browser that keeps nothing still shows the page. */ }
  document.documentElement.classList.add("has-script");
})();
