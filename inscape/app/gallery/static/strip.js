// State variables over time, one lane each, with the instant at which the bright point of the orbit is.
(function () {
  "use strict";
  var inscape = window.inscape, LANES = 4;

  inscape.Strip = function (canvas) {
    this.canvas = canvas;
    var self = this;
    new ResizeObserver(function () { self.resize(); }).observe(canvas);
    window.addEventListener("inscape:theme", function () { self.paint(); });
  };
  var Strip = inscape.Strip.prototype;

  // `columns` are Float32Arrays, one a state; `times` belongs to them; `span` is how many samples are seen at once.
  Strip.set = function (times, columns, names, span, isMap) {
    this.times = times; this.columns = columns.slice(0, LANES); this.names = names; this.span = Math.min(span, times.length); this.isMap = isMap;
    this.from = -1;
    this.resize();
    this.show(0);
  };
  Strip.clear = function () { this.times = null; this.paint(); };
  Strip.resize = function () {
    var ratio = Math.min(2, window.devicePixelRatio || 1), lanes = this.columns ? this.columns.length : 1;
    this.canvas.dataset.lanes = lanes;
    var width = Math.round(this.canvas.clientWidth * ratio), height = Math.round(this.canvas.clientHeight * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) { this.canvas.width = width; this.canvas.height = height; }
    this.ratio = ratio;
    this.paint();
  };
  // The window follows the head in whole pages, so that the eye can rest on the curve.
  Strip.show = function (head) {
    if (!this.times || !this.times.length) { this.paint(); return; }
    this.head = Math.floor(head);
    this.from = Math.min(Math.max(0, this.times.length - this.span), Math.floor(this.head / this.span) * this.span);
    this.paint();
  };
  Strip.paint = function () {
    var canvas = this.canvas, context = canvas.getContext("2d"), ratio = this.ratio || 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.times || this.times.length < 2) { return; }
    var left = 46 * ratio, right = canvas.width - 8 * ratio, foot = 18 * ratio, lanes = this.columns.length;
    var from = Math.max(0, this.from), to = Math.min(this.times.length, from + this.span), laneHeight = (canvas.height - foot) / lanes, self = this;
    context.font = 11.5 * ratio + "px system-ui, sans-serif";
    this.columns.forEach(function (column, lane) {
      var low = Infinity, high = -Infinity, i, top = lane * laneHeight + 4 * ratio, room = laneHeight - 8 * ratio;
      for (i = 0; i < column.length; i++) { if (column[i] < low) { low = column[i]; } if (column[i] > high) { high = column[i]; } }
      if (!(high > low)) { high = low + 1; low -= 1; }
      context.strokeStyle = inscape.colour("--line"); context.lineWidth = ratio;
      context.beginPath(); context.moveTo(left, (lane + 1) * laneHeight); context.lineTo(right, (lane + 1) * laneHeight); context.stroke();
      context.fillStyle = inscape.colour("--quiet"); context.textAlign = "right"; context.textBaseline = "middle";
      context.font = "italic 600 " + 13 * ratio + "px system-ui, sans-serif";
      context.fillText(self.names[lane], left - 10 * ratio, top + room / 2);
      context.strokeStyle = context.fillStyle = inscape.colour("--accent"); context.lineWidth = 1.3 * ratio; context.lineJoin = "round";
      context.beginPath();
      for (i = from; i < to; i++) {
        var x = left + (right - left) * (i - from) / Math.max(1, self.span - 1), y = top + room * (1 - (column[i] - low) / (high - low));
        if (self.isMap) { context.fillRect(x - ratio, y - ratio, 2 * ratio, 2 * ratio); } else if (i === from) { context.moveTo(x, y); } else { context.lineTo(x, y); }
      }
      context.stroke();
      if (self.head >= from && self.head < to) {
        x = left + (right - left) * (self.head - from) / Math.max(1, self.span - 1); y = top + room * (1 - (column[self.head] - low) / (high - low));
        context.fillStyle = inscape.colour("--law"); context.beginPath(); context.arc(x, y, 3.4 * ratio, 0, 7); context.fill();
      }
    });
    context.fillStyle = inscape.colour("--quiet"); context.font = 11.5 * ratio + "px system-ui, sans-serif"; context.textBaseline = "bottom";
    context.textAlign = "left"; context.fillText((this.isMap ? "n = " : "t = ") + inscape.number(this.times[from], 4), left, canvas.height);
    context.textAlign = "right"; context.fillText(inscape.number(this.times[to - 1], 4), right, canvas.height);
  };
})();
