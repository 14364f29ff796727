// A system under the reader's hand: every move of a slider is integrated anew, and the newest answer is drawn.
(function () {
  "use strict";
  var inscape = window.inscape, stage = document.getElementById("stage"), name = stage.dataset.name, isMap = stage.dataset.kind === "map";
  var base = "/api/zoo/" + encodeURIComponent(name), numbers = Array.prototype.slice.call(document.querySelectorAll("#hand input[type=number]"));
  var stopped = document.getElementById("stopped"), speed = document.getElementById("speed"), reset = document.getElementById("reset");
  var view = new inscape.Orbit(document.getElementById("orbit"), { dots: isMap, hand: true, box: true, line: 1.05 });
  var strip = new inscape.Strip(document.getElementById("strip")), range = null, busy = false, waiting = false, settling = 0, samples = 0, language = "inscape";

  function slider(input) { return document.getElementById("r-" + input.dataset.parameter); }
  function changed() {
    return numbers.filter(function (input) { return input.value.trim() !== "" && Number(input.value) !== Number(input.dataset.published); });
  }
  function query() {
    var found = new URLSearchParams();
    changed().forEach(function (input) { found.set("p." + input.dataset.parameter, input.value); });
    return found;
  }

  // The box keeps its size while the motion fits it, so that growth is seen as growth.
  function framed(columns) {
    var found = columns.map(function (column) {
      var low = Infinity, high = -Infinity;
      for (var i = 0; i < column.length; i++) { if (column[i] < low) { low = column[i]; } if (column[i] > high) { high = column[i]; } }
      return isFinite(low) ? [low, high] : [-1, 1];
    });
    var fits = range && range.length === found.length && found.every(function (now, k) {
      var width = range[k][1] - range[k][0], slack = 0.04 * width;
      return now[0] >= range[k][0] - slack && now[1] <= range[k][1] + slack && now[1] - now[0] > 0.35 * width;
    });
    if (!fits) {
      range = found.map(function (now) { var pad = (now[1] - now[0]) * 0.02 || Math.abs(now[0]) || 1; return [now[0] - pad, now[1] + pad]; });
    }
    return range;
  }

  function show(buffer, asked) {
    var size = new DataView(buffer).getUint32(0, true), head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
    var rows = head.points, width = head.columns, table = new Float32Array(buffer, 4 + size, rows * width), axes = head.labels.length;
    var columns = [];
    for (var k = 0; k < width; k++) {
      columns.push(new Float32Array(rows));
      for (var i = 0; i < rows; i++) { columns[k][i] = table[i * width + k]; }
    }
    stopped.textContent = head.stopped ? head.stopped[0].toUpperCase() + head.stopped.slice(1) + "." : "";
    stopped.className = head.has_diverged ? "bad" : "quiet";
    stage.dataset.stopped = head.stopped;
    speed.textContent = rows.toLocaleString("en") + (isMap ? " steps" : " points") + " in " + Math.max(1, Math.round(1000 * head.seconds)) + " ms" + (stage.dataset.drawn ? " · here in " + Math.round(performance.now() - asked) + " ms" : "");
    stage.dataset.trip = Math.round(performance.now() - asked);
    if (rows > 1) {
      var box = framed(columns.slice(0, axes)), points = new Float32Array(3 * rows);
      for (i = 0; i < rows; i++) {
        for (k = 0; k < axes; k++) { points[3 * i + k] = 2 * (columns[k][i] - box[k][0]) / (box[k][1] - box[k][0]) - 1; }
      }
      view.options.flat = axes === 2;
      view.setPoints(points, box, head.labels);
      strip.set(columns[axes], columns.slice(axes + 1), head.state_names, isMap ? 120 : 1200, isMap);
      samples = rows;
    } else {
      view.count = view.shown = 0; view.draw();
      strip.clear();
    }
    stage.dataset.drawn = Number(stage.dataset.drawn || 0) + 1;
  }

  // One question is on its way at a time; when it is answered, only the newest setting is asked for.
  function integrate() {
    reset.disabled = changed().length === 0;
    clearTimeout(settling);
    settling = setTimeout(settle, 250);
    if (busy) { waiting = true; return; }
    busy = true;
    var asked = performance.now();
    fetch(base + "/orbit?format=binary&" + query()).then(function (answer) {
      if (!answer.ok) { return answer.json().then(function (told) { throw new Error(told.error); }); }
      return answer.arrayBuffer().then(function (buffer) { show(buffer, asked); });
    }).catch(function (error) {
      stopped.textContent = error.message || "The gallery does not answer.";
      stopped.className = "bad";
    }).then(function () {
      busy = false;
      if (waiting) { waiting = false; integrate(); }
    });
  }
  // Address and code follow when the hand rests: a browser allows few changes of its address a second.
  function settle() {
    var parameters = String(query());
    window.history.replaceState(null, "", window.location.pathname + (parameters ? "?" + parameters : ""));
    takeCode();
  }

  var codes = null, codesAsked = 0;
  function showCode() { if (codes) { document.getElementById("code").textContent = codes[language]; } }
  // Two questions may be on their way, and the first be answered last: only the newest answer is shown.
  function takeCode() {
    var mine = codesAsked += 1;
    inscape.ask(base + "/code?" + query()).then(
      function (told) { if (mine === codesAsked) { codes = told; showCode(); } },
      function () { /* the orbit's line says why */ }
    );
  }
  var tabs = Array.prototype.slice.call(document.querySelectorAll("[role=tab]"));
  function choose(tab) {
    tabs.forEach(function (other) { other.setAttribute("aria-selected", String(other === tab)); other.tabIndex = other === tab ? 0 : -1; });
    language = tab.dataset.language;
    document.getElementById("code-panel").setAttribute("aria-labelledby", tab.id);
    if (codes) { showCode(); } else { takeCode(); }
  }
  tabs.forEach(function (tab, index) {
    tab.addEventListener("click", function () { choose(tab); });
    tab.addEventListener("keydown", function (event) {
      var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) { return; }
      var next = tabs[(index + step + tabs.length) % tabs.length];
      next.focus(); choose(next);
    });
  });

  numbers.forEach(function (input) {
    var hand = slider(input);
    hand.addEventListener("input", function () { input.value = hand.value; integrate(); });
    input.addEventListener("input", function () {
      if (input.value.trim() === "" || !isFinite(Number(input.value))) { return; }
      var value = Number(input.value);
      if (value < Number(hand.min)) { hand.min = value; }
      if (value > Number(hand.max)) { hand.max = value; }
      hand.value = value; integrate();
    });
  });
  reset.addEventListener("click", function () {
    numbers.forEach(function (input) { input.value = input.dataset.published; slider(input).value = input.dataset.published; });
    range = null;
    integrate();
  });
  document.getElementById("hand").addEventListener("submit", function (event) { event.preventDefault(); });

  document.getElementById("measure").addEventListener("click", function (event) {
    var button = event.currentTarget, place = document.getElementById("measured"), parameters = {};
    changed().forEach(function (input) { parameters[input.dataset.parameter] = Number(input.value); });
    button.disabled = true;
    place.textContent = "Measuring …";
    inscape.ask(base + "/exponents", { method: "POST", json: { parameters: parameters } }).then(function (told) {
      return inscape.follow(told.job, function (job) { place.textContent = job.state === "queued" ? "Waiting …" : "Measuring … " + Math.round(job.seconds) + " s"; });
    }).then(function (job) {
      if (job.state !== "done") { place.textContent = job.message; return; }
      var rows = job.result.exponents.map(function (value, k) {
        var error = job.result.errors[k];
        return inscape.number(value, 4) + (error === null ? "" : " ± " + inscape.number(error, 2));
      });
      place.textContent = "";
      var list = document.createElement("ol");
      rows.slice(0, 8).forEach(function (row) { var item = document.createElement("li"); item.textContent = row; list.appendChild(item); });
      place.appendChild(list);
      var line = document.createElement("p");
      line.textContent = "Kaplan-Yorke dimension " + inscape.number(job.result.kaplan_yorke, 4);
      place.appendChild(line);
    }).catch(function (error) { place.textContent = error.message; }).then(function () { button.disabled = false; });
  });

  // The first question waits for the packaged points.
  busy = true;
  new URL(window.location.href).searchParams.forEach(function (value, key) {
    if (key.slice(0, 2) !== "p.") { return; }
    var input = document.getElementById("n-" + key.slice(2));
    if (input) { input.value = value; input.dispatchEvent(new Event("input")); }
  });
  var tick = 0;
  view.onFrame = function () { tick += 1; if (tick % 2 === 0 && samples) { strip.show(view.head); } };

  // Packaged points first: something moves before the law is compiled, which keeps the gallery busy at the first visit.
  fetch("/zoo/points/" + encodeURIComponent(name) + ".bin").then(function (answer) { return answer.arrayBuffer(); }).then(function (buffer) {
    if (samples || !buffer.byteLength) { return; }
    var points = inscape.unpacked(buffer, 0, buffer.byteLength / 6), flat = true;
    for (var i = 2; i < points.length; i += 3) { if (points[i] !== -1) { flat = false; break; } }
    view.options.flat = flat;
    view.setPoints(flat ? inscape.flattened(points) : points);
    speed.textContent = "Compiling the law …";
  }).catch(function () { /* the orbit's own line says whether the gallery answers */ }).then(function () { busy = waiting = false; integrate(); });
  view.play();
  document.addEventListener("visibilitychange", function () { if (document.hidden) { view.pause(); } else { view.play(); } });
})();
