// Plotly descriptions are written for wide white paper; a page may be dark, and as narrow as a hand. Gallery and reports share this.
(function () {
  "use strict";
  var NARROW = 560, LETTER = 0.56;

  // A line of text in as many as the room asks for; text with markup of its own is left alone.
  function wrapped(text, letters) {
    if (!text || text.length <= letters || /<(?!br)/.test(text)) { return text; }
    return text.split("<br>").map(function (paragraph) {
      return paragraph.split(" ").reduce(function (lines, word) {
        var last = lines[lines.length - 1];
        if (last && last.length + 1 + word.length > letters) { lines.push(word); } else { lines[lines.length - 1] = last ? last + " " + word : word; }
        return lines;
      }, [""]).join("<br>");
    }).join("<br>");
  }
  function lines(text) { return (text || "").split("<br>").length; }
  function titled(title) { return typeof title === "string" ? { text: title } : Object.assign({}, title); }

  // `page` tells the page's colours: `colour("--text")` of its style sheet, and `isDark()`.
  window.figureTheme = function (page) {
    // On a dark page black becomes the colour of text, and the darker colours brighter ones of the same hue.
    function tinted(data) {
      var text = JSON.stringify(data).replace(/@text/g, page.colour("--text"));
      if (page.isDark()) {
        text = text.replace(/#0072B2/gi, "#5AB4F0").replace(/#D55E00/gi, "#F58B45").replace(/213,94,0/g, "245,139,69")
          .replace(/"color":"(?:black|#000(?:000)?)"/gi, '"color":"' + page.colour("--text") + '"')
          .replace(/"color":"#(?:333333|444444)"/g, '"color":"' + page.colour("--quiet") + '"');
      }
      return JSON.parse(text);
    }

    function themed(layout, width, names) {
      var text = page.colour("--text"), grid = page.colour("--grid"), quiet = page.colour("--quiet"), narrow = width < NARROW;
      var copy = JSON.parse(JSON.stringify(layout || {})), begins = {};
      delete copy.template;
      copy.width = width;
      copy.height = copy.height || 420;
      copy.separators = ".";
      copy.paper_bgcolor = copy.plot_bgcolor = "rgba(0,0,0,0)";
      copy.font = { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: narrow ? 11 : 12.5, color: text };
      copy.modebar = { bgcolor: "rgba(0,0,0,0)", color: quiet, activecolor: page.colour("--accent") };
      copy.hoverlabel = { bgcolor: page.colour("--panel"), bordercolor: grid, font: { color: text } };
      if (copy.shapes) { copy.shapes = tinted(copy.shapes); }
      if (!Object.keys(copy).some(function (key) { return /^scene/.test(key); })) { copy.xaxis = copy.xaxis || {}; copy.yaxis = copy.yaxis || {}; }
      var axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickcolor: grid };
      Object.keys(copy).forEach(function (key) {
        if (/^[xy]axis/.test(key)) {
          // Powers of ten over many decades would stand on one another.
          copy[key] = Object.assign({ automargin: true }, axis, copy[key].type === "log" ? { nticks: 6 } : {}, copy[key]);
          if (key[0] === "x") { begins[(copy[key].domain || [0])[0]] = true; }
        }
        if (/^scene/.test(key)) {
          ["xaxis", "yaxis", "zaxis"].forEach(function (name) {
            copy[key][name] = Object.assign({ showbackground: false }, axis, copy[key][name]);
          });
        }
      });
      (copy.annotations || []).forEach(function (note) { note.font = Object.assign({ color: quiet }, note.font); });
      if (copy.title) {
        copy.title = titled(copy.title);
        var size = narrow ? 14 : 17.5;
        copy.title.font = Object.assign({ size: size }, copy.title.font);
        copy.title.text = wrapped(copy.title.text, Math.floor(width / (LETTER * size)));
        // What stands between title and figure keeps its place.
        var more = 22 * (lines(copy.title.text) - 1), margin = copy.margin || {};
        copy.margin = Object.assign({}, margin, { t: (margin.t === undefined ? 100 : margin.t) + more });
        copy.height += more;
        if (narrow) { Object.assign(copy.title, { y: 1 - 30 / copy.height, yref: "container", yanchor: "top" }); }
      }
      if (narrow) { squeeze(copy, width, Math.max(1, Object.keys(begins).length), names); }
      return copy;
    }

    function squeeze(copy, width, columns, names) {
      var room = Math.floor((width - 60) / columns / (LETTER * 11));
      copy.margin = Object.assign({}, copy.margin, { l: Math.min((copy.margin || {}).l || 40, 48), r: 8 });
      (copy.annotations || []).forEach(function (note) {
        // Names of parts of a recording stand side by side on one line.
        if (note.xref === "x" && note.yref === "paper") { note.text = note.text.slice(0, 3); return; }
        note.font.size = Math.min(note.font.size || 11, 11);
        note.text = wrapped(note.text, room);
      });
      var most = 1;
      Object.keys(copy).forEach(function (key) {
        if (/^xaxis/.test(key) && copy[key].title) {
          copy[key].title = titled(copy[key].title);
          copy[key].title.text = wrapped(copy[key].title.text, Math.floor(0.85 * room));
          most = Math.max(most, lines(copy[key].title.text));
        }
      });
      // A legend at the side would leave the figure no room; one below the axis gives way to what its title needs.
      var legend = copy.legend || {};
      if (legend.orientation !== "h" && copy.showlegend !== false && names > 1 && !(legend.x <= 1)) {
        copy.legend = Object.assign({}, legend, { orientation: "h", x: 0, xanchor: "left", y: -0.25, yanchor: "top" });
        copy.height += 18 * names;
      } else if (legend.y < 0) {
        legend.y -= 0.06 * (most - 1); copy.height += 15 * (most - 1);
      }
    }

    // What plotly may offer on a figure. A recording is the reader's own: nothing may offer to send it away.
    function settings(width) {
      return {
        displaylogo: false, displayModeBar: width < NARROW ? false : "hover", scrollZoom: false,
        showSendToCloud: false, plotlyServerURL: "",
        modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "resetCameraLastSave3d"]
      };
    }

    return {
      draw: function (place, figure) {
        var width = place.clientWidth, named = figure.data.filter(function (trace) { return trace.name && trace.showlegend !== false; });
        return window.Plotly.react(place, tinted(figure.data), themed(figure.layout, width, named.length), settings(width));
      }
    };
  };
})();
