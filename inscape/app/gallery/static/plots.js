// Draws the plotly descriptions that <div data-plot="address"> names, when they come near.
(function () {
  "use strict";
  var inscape = window.inscape, drawn = [], theme = window.figureTheme(inscape);

  function draw(place, figure) { drawn.push([place, figure]); theme.draw(place, figure); }
  function repaint() { drawn.forEach(function (known) { if (known[0].clientWidth) { theme.draw(known[0], known[1]); } }); }

  var waiting = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) { return; }
      waiting.unobserve(entry.target);
      inscape.ask(entry.target.dataset.plot).then(
        function (figure) { draw(entry.target, figure); },
        function (error) { entry.target.textContent = error.message; }
      );
    });
  }, { rootMargin: "900px" });
  document.querySelectorAll("[data-plot]").forEach(function (place) { waiting.observe(place); });

  window.addEventListener("inscape:theme", repaint);
  var width = document.body.clientWidth, pending = 0;
  window.addEventListener("resize", function () {
    if (document.body.clientWidth === width) { return; }
    width = document.body.clientWidth;
    clearTimeout(pending);
    pending = setTimeout(repaint, 120);
  });
})();
