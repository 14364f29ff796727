(function () {
  "use strict";
  var figures = JSON.parse(document.getElementById("figures").textContent);
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function isDark() {
    var chosen = root.dataset.theme;
    return chosen === "dark" || (chosen !== "light" && dark.matches);
  }

  function colour(name) {
    return getComputedStyle(root).getPropertyValue(name).trim();
  }

  var theme = window.figureTheme({ colour: colour, isDark: isDark });

  function draw() {
    document.querySelectorAll("[data-figure]").forEach(function (place) {
      theme.draw(place, figures[place.dataset.figure]);
    });
  }

  document.getElementById("theme").addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    draw();
  });
  dark.addEventListener("change", draw);
  var width = document.body.clientWidth, waiting = 0;
  window.addEventListener("resize", function () {
    if (document.body.clientWidth === width) { return; }
    width = document.body.clientWidth;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 120);
  });
  var before = "auto";
  window.addEventListener("beforeprint", function () { before = root.dataset.theme; root.dataset.theme = "light"; draw(); });
  window.addEventListener("afterprint", function () { root.dataset.theme = before; draw(); });
  draw();
})();
