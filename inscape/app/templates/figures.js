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

  // Colours are written for white paper; on a dark page they are replaced by brighter ones of the same hue.
  function tinted(data) {
    var text = JSON.stringify(data).replace(/@text/g, colour("--text"));
    if (isDark()) { text = text.replace(/#0072B2/g, "#5AB4F0").replace(/#D55E00/g, "#F58B45").replace(/213,94,0/g, "245,139,69"); }
    return JSON.parse(text);
  }

  function themed(layout, width) {
    var text = colour("--text"), grid = colour("--grid");
    var copy = JSON.parse(JSON.stringify(layout));
    copy.width = width;
    copy.separators = ".";
    copy.paper_bgcolor = "rgba(0,0,0,0)";
    copy.plot_bgcolor = "rgba(0,0,0,0)";
    copy.font = { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: 12.5, color: text };
    copy.modebar = { bgcolor: "rgba(0,0,0,0)", color: colour("--quiet"), activecolor: colour("--accent") };
    copy.hoverlabel = { bgcolor: colour("--panel"), bordercolor: grid, font: { color: text } };
    var axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickcolor: grid };
    Object.keys(copy).forEach(function (key) {
      if (/^[xy]axis/.test(key)) { copy[key] = Object.assign({ automargin: true }, axis, copy[key]); }
    });
    if (copy.scene) {
      ["xaxis", "yaxis", "zaxis"].forEach(function (key) {
        copy.scene[key] = Object.assign({ backgroundcolor: "rgba(0,0,0,0)", showbackground: false }, axis, copy.scene[key]);
      });
    }
    (copy.annotations || []).forEach(function (note) { note.font = Object.assign({ color: colour("--quiet") }, note.font); });
    if (width < 560) {
      (copy.annotations || []).forEach(function (note) { note.text = note.text.slice(0, 3); });
      copy.font.size = 11;
      copy.margin = Object.assign({}, copy.margin, { l: Math.min((copy.margin || {}).l || 40, 48), r: 8 });
    }
    return copy;
  }

  function draw() {
    document.querySelectorAll("[data-figure]").forEach(function (place) {
      var figure = figures[place.dataset.figure];
      if (!figure) { place.hidden = true; return; }
      var narrow = place.clientWidth < 560;
      Plotly.react(place, tinted(figure.data), themed(figure.layout, place.clientWidth), {
        displaylogo: false, displayModeBar: narrow ? false : "hover", scrollZoom: false,
        // The recording is the reader's own: nothing in this page may offer to send it away.
        showSendToCloud: false, plotlyServerURL: "",
        modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "resetCameraLastSave3d"]
      });
    });
    document.querySelectorAll("[data-needs]").forEach(function (part) { part.hidden = !figures[part.dataset.needs]; });
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
