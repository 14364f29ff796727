// An orbit on a canvas: coloured by its speed, turned by hand or by itself, a bright point running along it.
(function () {
  "use strict";
  var inscape = window.inscape, BINS = 10, TURN = 0.16, STEPS_A_SECOND = 55, SIDES = 24, SEEN = 600, SLOW = 0.025;
  var RAMPS = {
    light: [[9, 58, 96], [0, 99, 156], [43, 143, 199], [214, 127, 46]],
    dark: [[38, 92, 140], [74, 160, 220], [150, 214, 250], [255, 205, 140]]
  };

  function ramp(share) {
    var stops = RAMPS[inscape.isDark() ? "dark" : "light"], place = share * (stops.length - 1);
    var low = Math.min(stops.length - 2, Math.floor(place)), part = place - low;
    return stops[low].map(function (value, k) { return Math.round(value + (stops[low + 1][k] - value) * part); });
  }

  // Speeds as ranks: every colour gets its share of the orbit, however uneven the motion is.
  function binsOf(points, count) {
    var speed = new Float32Array(Math.max(0, count - 1));
    for (var i = 0; i < speed.length; i++) {
      var a = points[3 * i + 3] - points[3 * i], b = points[3 * i + 4] - points[3 * i + 1], c = points[3 * i + 5] - points[3 * i + 2];
      speed[i] = a * a + b * b + c * c;
    }
    var sorted = Float32Array.from(speed).sort(), edges = [];
    for (var k = 1; k < BINS; k++) { edges.push(sorted[Math.floor(k * sorted.length / BINS)]); }
    return Uint8Array.from(speed, function (value) {
      var bin = 0;
      while (bin < BINS - 1 && value > edges[bin]) { bin++; }
      return bin;
    });
  }

  inscape.Orbit = function (canvas, options) {
    this.canvas = canvas;
    canvas.dataset.shown = "";
    this.options = Object.assign({ dots: false, flat: false, hand: false, comet: true, box: false, spin: true, reveal: true, line: 1 }, options);
    this.azimuth = 0.7; this.elevation = 0.36; this.zoom = 1;
    this.count = 0; this.shown = 0; this.head = 0; this.playing = false; this.frame = 0; this.last = 0; this.pace = 0;
    this.resize = this.resize.bind(this);
    new ResizeObserver(this.resize).observe(canvas);
    window.addEventListener("inscape:theme", this.draw.bind(this));
    if (this.options.hand) { this.listen(); }
    this.resize();
  };
  var Orbit = inscape.Orbit.prototype;

  // `points` are x, y, z one after another, in [-1, 1]; `range` holds [[low, high], ...] of the axes for the box.
  Orbit.setPoints = function (points, range, labels) {
    var first = this.count === 0;
    this.points = points;
    this.count = Math.floor(points.length / 3);
    this.bins = binsOf(points, this.count);
    this.flatScreen = new Float32Array(2 * this.count);
    this.range = range; this.labels = labels;
    this.head = this.count ? this.head % this.count : 0;
    if (!this.options.flat) {
      var widest = this.measure();
      if (first) { this.azimuth = widest - 0.35; }
    }
    if (!first || !this.options.reveal || inscape.isStill()) { this.shown = this.count; }
    if (!this.playing) { this.draw(); }
  };

  // How far the orbit, with the floor of its box, reaches while it turns once, so that it fills its canvas and is never cut;
  // gives the side on which the orbit is widest.
  Orbit.measure = function () {
    var at = new Float32Array(2), kept = this.azimuth, reach = { x: 1e-6, low: Infinity, high: -Infinity }, most = 0, widest = kept;
    var stride = Math.max(1, Math.floor(this.count / SEEN)), p = this.points;
    function widen() {
      reach.x = Math.max(reach.x, Math.abs(at[0]));
      reach.low = Math.min(reach.low, -at[1]); reach.high = Math.max(reach.high, -at[1]);
    }
    this.cx = this.cy = 0; this.scale = 1;
    for (var k = 0; k < SIDES; k++) {
      this.azimuth = 2 * Math.PI * k / SIDES; this.turn();
      var left = Infinity, right = -Infinity;
      for (var i = 0; i < this.count; i += stride) {
        this.project(p[3 * i], p[3 * i + 1], p[3 * i + 2], at, 0);
        if (at[0] < left) { left = at[0]; } if (at[0] > right) { right = at[0]; }
        widen();
      }
      for (i = 0; this.options.box && i < 4; i++) {
        this.project(i & 1 ? 1.1 : -1.1, i & 2 ? 1.1 : -1.1, -1.1, at, 0);
        widen();
      }
      if (right - left > most) { most = right - left; widest = this.azimuth; }
    }
    this.azimuth = kept; this.reach = reach;
    return widest;
  };

  Orbit.resize = function () {
    var ratio = Math.min(2, window.devicePixelRatio || 1);
    var width = Math.round(this.canvas.clientWidth * ratio), height = Math.round(this.canvas.clientHeight * ratio);
    if (!width || !height || (this.canvas.width === width && this.canvas.height === height)) { return; }
    this.canvas.width = width; this.canvas.height = height; this.ratio = ratio;
    this.draw();
  };

  Orbit.play = function () {
    if (this.playing || inscape.isStill()) { this.shown = this.count; this.draw(); return; }
    this.playing = true; this.last = 0; this.drew = false;
    var self = this;
    this.frame = requestAnimationFrame(function step(now) {
      if (!self.playing) { return; }
      // Where a picture takes long to paint, every second one is left out: the machine has a system to integrate as well.
      if (self.drew) { self.pace += 0.1 * (Math.min(0.1, (now - self.before) / 1000) - self.pace); }
      self.before = now;
      self.drew = !(self.drew && self.pace > SLOW);
      if (!self.drew) { self.frame = requestAnimationFrame(step); return; }
      var passed = self.last ? Math.min(0.1, (now - self.last) / 1000) : 0.016;
      self.last = now;
      if (self.options.spin && !self.held && !self.options.flat) { self.azimuth += TURN * passed; }
      if (self.shown < self.count) { self.shown = Math.min(self.count, self.shown + Math.ceil(self.count * passed / 2.2)); self.head = self.shown - 1; }
      else { self.head = (self.head + STEPS_A_SECOND * passed * (self.options.dots ? 0.1 : 1)) % Math.max(1, self.count); }
      self.draw();
      if (self.onFrame) { self.onFrame(); }
      self.frame = requestAnimationFrame(step);
    });
  };
  Orbit.pause = function () { this.playing = false; cancelAnimationFrame(this.frame); };

  Orbit.project = function (x, y, z, into, at) {
    var scale = this.scale;
    if (this.options.flat) { into[at] = this.cx + x * scale * this.stretch; into[at + 1] = this.cy - y * scale; return; }
    var ca = this.ca, sa = this.sa, ce = this.ce, se = this.se;
    var right = ca * x - sa * y, away = sa * x + ca * y, up = ce * z - se * away, depth = ce * away + se * z;
    var near = 3.9 / (3.9 + depth);
    into[at] = this.cx + right * scale * near; into[at + 1] = this.cy - up * scale * near;
  };

  Orbit.turn = function () {
    this.ca = Math.cos(this.azimuth); this.sa = Math.sin(this.azimuth);
    this.ce = Math.cos(this.elevation); this.se = Math.sin(this.elevation);
  };

  Orbit.aim = function () {
    var width = this.canvas.width, height = this.canvas.height, reach = this.reach;
    this.cx = width / 2; this.cy = height / 2; this.stretch = 1;
    this.turn();
    if (this.options.flat) {
      this.stretch = Math.min(1.5, width / height);
      this.scale = 0.41 * this.zoom * Math.min(width / this.stretch, height);
    } else if (reach) {
      // A box needs room for the names of its axes.
      var sides = this.options.box ? 0.42 : 0.46, upright = this.options.box ? 0.86 : 0.92;
      this.scale = this.zoom * Math.min(sides * width / reach.x, upright * height / Math.max(1e-6, reach.high - reach.low));
      this.cy += this.scale * (reach.high + reach.low) / 2;
    }
  };

  Orbit.draw = function () {
    if (!this.canvas.width || !this.points) { return; }
    var context = this.canvas.getContext("2d"), ratio = this.ratio || 1, n = Math.max(0, Math.floor(this.shown)), p = this.points, s = this.flatScreen;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.aim();
    if (this.options.box && this.range) { this.drawBox(context); }
    for (var i = 0; i < n; i++) { this.project(p[3 * i], p[3 * i + 1], p[3 * i + 2], s, 2 * i); }
    var dark = inscape.isDark(), b, colour;
    context.lineJoin = "round"; context.lineCap = "butt";
    if (dark) { context.globalCompositeOperation = "lighter"; }
    for (b = 0; b < BINS; b++) {
      colour = ramp(b / (BINS - 1));
      // Light adds up: many lines on a small dark canvas would all be white.
      var alpha = dark ? Math.min(0.62, 0.62 * Math.sqrt(5 * this.canvas.clientWidth / n)) : 0.72;
      if (this.options.dots) {
        context.fillStyle = "rgba(" + colour + "," + alpha + ")";
        var size = 1.25 * ratio * this.options.line;
        for (i = 0; i < n; i++) { if ((this.bins[Math.min(i, this.bins.length - 1)] || 0) === b) { context.fillRect(s[2 * i] - size / 2, s[2 * i + 1] - size / 2, size, size); } }
        continue;
      }
      context.strokeStyle = "rgba(" + colour + "," + alpha + ")";
      context.lineWidth = ratio * this.options.line;
      context.beginPath();
      // From the middle of one step to the middle of the next, bent at the sample between: no corner is seen.
      var open = false;
      for (i = 1; i + 1 < n; i++) {
        if (this.bins[i] !== b) { open = false; continue; }
        if (!open) { context.moveTo((s[2 * i - 2] + s[2 * i]) / 2, (s[2 * i - 1] + s[2 * i + 1]) / 2); open = true; }
        context.quadraticCurveTo(s[2 * i], s[2 * i + 1], (s[2 * i] + s[2 * i + 2]) / 2, (s[2 * i + 1] + s[2 * i + 3]) / 2);
      }
      context.stroke();
    }
    context.globalCompositeOperation = "source-over";
    if (n === this.count && n && !this.canvas.dataset.shown) { this.canvas.dataset.shown = "1"; }
    if (this.options.comet && n > 2 && !inscape.isStill()) { this.drawComet(context, n); }
  };

  Orbit.drawComet = function (context, n) {
    var head = Math.min(n - 1, Math.floor(this.head)), s = this.flatScreen, ratio = this.ratio || 1;
    var bright = inscape.isDark() ? "255,236,205" : "196,84,0", length = this.options.dots ? 0 : Math.min(70, head);
    for (var k = length; k > 0; k--) {
      var i = head - k;
      context.strokeStyle = "rgba(" + bright + "," + (1 - k / length) * 0.9 + ")";
      context.lineWidth = ratio * (0.8 + 1.6 * (1 - k / length));
      var b = Math.max(0, i - 1);
      context.beginPath();
      context.moveTo((s[2 * b] + s[2 * i]) / 2, (s[2 * b + 1] + s[2 * i + 1]) / 2);
      context.quadraticCurveTo(s[2 * i], s[2 * i + 1], (s[2 * i] + s[2 * i + 2]) / 2, (s[2 * i + 1] + s[2 * i + 3]) / 2);
      context.stroke();
    }
    context.fillStyle = "rgb(" + bright + ")";
    context.beginPath(); context.arc(s[2 * head], s[2 * head + 1], 3.1 * ratio, 0, 7); context.fill();
  };

  // Three edges of the box with the names and ends of their axes.
  Orbit.drawBox = function (context) {
    var ratio = this.ratio || 1, flat = this.options.flat, ends = new Float32Array(4), self = this;
    var corner = flat ? [-1.08, -1.08, 0] : [this.sa > 0 ? -1.1 : 1.1, this.ca > 0 ? -1.1 : 1.1, -1.1];
    var axes = flat ? [0, 1] : [0, 1, 2];
    context.font = 12.5 * ratio + "px system-ui, sans-serif";
    context.lineWidth = ratio; context.strokeStyle = inscape.colour("--line"); context.fillStyle = inscape.colour("--quiet");
    axes.forEach(function (axis) {
      var a = corner.slice(), b = corner.slice();
      a[axis] = -1.1; b[axis] = 1.1;
      // The vertical edge stands at the side, where it hides nothing.
      if (!flat && axis === 2) { a[0] = b[0] = self.ca > 0 ? -1.1 : 1.1; a[1] = b[1] = self.sa > 0 ? 1.1 : -1.1; }
      self.project(a[0], a[1], a[2], ends, 0); self.project(b[0], b[1], b[2], ends, 2);
      context.beginPath(); context.moveTo(ends[0], ends[1]); context.lineTo(ends[2], ends[3]); context.stroke();
      var mx = (ends[0] + ends[2]) / 2, my = (ends[1] + ends[3]) / 2, dx = mx - self.cx, dy = my - self.cy;
      var far = Math.hypot(dx, dy) || 1, push = 17 * ratio;
      // An edge that points at the reader is too short for its words.
      if (Math.hypot(ends[2] - ends[0], ends[3] - ends[1]) < 90 * ratio) { return; }
      context.textAlign = "center"; context.textBaseline = "middle";
      context.font = "italic 600 " + 13.5 * ratio + "px system-ui, sans-serif";
      context.fillText(self.labels[axis] || "", mx + dx / far * push, my + dy / far * push);
      context.font = 11.5 * ratio + "px system-ui, sans-serif";
      [[0, self.range[axis][0], 0.07], [2, self.range[axis][1], 0.93]].forEach(function (end) {
        var x = ends[0] + (ends[2] - ends[0]) * end[2], y = ends[1] + (ends[3] - ends[1]) * end[2];
        context.fillText(inscape.number(end[1], 3), x + dx / far * push * 0.85, y + dy / far * push * 0.85);
      });
    });
  };

  Orbit.listen = function () {
    var self = this, canvas = this.canvas, from = null;
    canvas.addEventListener("pointerdown", function (event) {
      from = [event.clientX, event.clientY]; self.held = true; canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", function (event) {
      if (!from) { return; }
      self.azimuth -= (event.clientX - from[0]) * 0.008;
      self.elevation = Math.max(-1.5, Math.min(1.5, self.elevation + (event.clientY - from[1]) * 0.008));
      from = [event.clientX, event.clientY];
      if (!self.playing) { self.draw(); }
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      canvas.addEventListener(name, function () { from = null; self.options.spin = false; self.held = false; });
    });
    canvas.addEventListener("wheel", function (event) {
      if (!event.ctrlKey && document.activeElement !== canvas) { return; }
      event.preventDefault();
      self.zoomBy(Math.exp(-event.deltaY * 0.0012));
    }, { passive: false });
    canvas.addEventListener("keydown", function (event) {
      var turn = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, -0.08], ArrowDown: [0, 0.08] }[event.key];
      if (turn) {
        self.azimuth += turn[0]; self.elevation = Math.max(-1.5, Math.min(1.5, self.elevation + turn[1]));
        self.options.spin = false; event.preventDefault();
      } else if (event.key === "+" || event.key === "=") { self.zoomBy(1.1); } else if (event.key === "-") { self.zoomBy(1 / 1.1); } else { return; }
      if (!self.playing) { self.draw(); }
    });
  };
  Orbit.zoomBy = function (factor) {
    this.zoom = Math.max(0.4, Math.min(8, this.zoom * factor));
    if (!this.playing) { this.draw(); }
  };

  // Packaged points are whole numbers of 0 to 65535 along each axis.
  inscape.unpacked = function (buffer, start, count) {
    var whole = new Uint16Array(buffer, 6 * start, 3 * count), points = new Float32Array(3 * count);
    for (var i = 0; i < points.length; i++) { points[i] = whole[i] / 32767.5 - 1; }
    return points;
  };
  inscape.flattened = function (points) {
    for (var i = 2; i < points.length; i += 3) { points[i] = 0; }
    return points;
  };
})();
