// Draws plotly descriptions in the page's colours: <div data-plot="address"> or <div data-figure="id of a JSON script">.
(function () {
  "use strict";
  var inscape = window.inscape, drawn = [];

  // Colours are written for white paper; on a dark page they are replaced by brighter ones of the same hue.
  function tinted(data) {
    var text = JSON.stringify(data).replace(/@text/g, inscape.colour("--text"));
    if (inscape.isDark()) {
      text = text.replace(/#0072B2/gi, "#5AB4F0").replace(/#D55E00/gi, "#F58B45").replace(/213,94,0/g, "245,139,69");
    }
    return JSON.parse(text);
  }

  function themed(layout, width) {
    var text = inscape.colour("--text"), grid = inscape.colour("--grid"), quiet = inscape.colour("--quiet");
    var copy = JSON.parse(JSON.stringify(layout || {}));
    delete copy.template;
    copy.width = width;
    copy.height = copy.height || 420;
    copy.separators = ".";
    copy.paper_bgcolor = copy.plot_bgcolor = "rgba(0,0,0,0)";
    copy.font = { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: 12.5, color: text };
    copy.modebar = { bgcolor: "rgba(0,0,0,0)", color: quiet, activecolor: inscape.colour("--accent") };
    copy.hoverlabel = { bgcolor: inscape.colour("--panel"), bordercolor: grid, font: { color: text } };
    var axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickcolor: grid };
    Object.keys(copy).forEach(function (key) {
      if (/^[xy]axis/.test(key)) {
        // Powers of ten over many decades would stand on one another.
        copy[key] = Object.assign({ automargin: true }, axis, copy[key].type === "log" ? { nticks: 6 } : {}, copy[key]);
      }
      if (/^scene/.test(key)) {
        ["xaxis", "yaxis", "zaxis"].forEach(function (name) {
          copy[key][name] = Object.assign({ showbackground: false }, axis, copy[key][name]);
        });
      }
    });
    (copy.annotations || []).forEach(function (note) { note.font = Object.assign({ color: quiet }, note.font); });
    if (width < 560) {
      copy.font.size = 11;
      copy.margin = Object.assign({}, copy.margin, { l: Math.min((copy.margin || {}).l || 40, 48), r: 8 });
    }
    return copy;
  }

  function paint(place, figure) {
    return window.Plotly.react(place, tinted(figure.data), themed(figure.layout, place.clientWidth), {
      displaylogo: false, displayModeBar: place.clientWidth < 560 ? false : "hover", scrollZoom: false,
      // A recording is the reader's own: nothing in a page may offer to send it away.
      showSendToCloud: false, plotlyServerURL: "",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "resetCameraLastSave3d"]
    });
  }

  inscape.plot = function (place, figure) {
    drawn = drawn.filter(function (known) { return known[0] !== place; });
    drawn.push([place, figure]);
    return paint(place, figure);
  };
  function repaint() { drawn.forEach(function (known) { if (known[0].isConnected && known[0].clientWidth) { paint(known[0], known[1]); } }); }

  document.querySelectorAll("[data-figure]").forEach(function (place) {
    inscape.plot(place, JSON.parse(document.getElementById(place.dataset.figure).textContent));
  });
  var waiting = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) { return; }
      waiting.unobserve(entry.target);
      inscape.ask(entry.target.dataset.plot).then(
        function (figure) { inscape.plot(entry.target, figure); },
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
