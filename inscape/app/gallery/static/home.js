// The first page: systems follow one another in motion, each drawn from points that came with the package.
(function () {
  "use strict";
  var inscape = window.inscape, canvas = document.getElementById("hero");
  var links = Array.prototype.slice.call(document.querySelectorAll("[data-system]")), place = 0, PAUSE = 14000, timer = 0;
  var view = new inscape.Orbit(canvas, { hand: true, line: 1 });

  function show(index) {
    place = index % links.length;
    var link = links[place];
    links.forEach(function (other) { other.classList.toggle("shown", other === link); });
    fetch("/zoo/hero/" + encodeURIComponent(link.dataset.system) + ".bin").then(function (answer) { return answer.arrayBuffer(); }).then(function (buffer) {
      if (link !== links[place]) { return; }  // The reader has gone on to another one meanwhile.
      var points = inscape.unpacked(buffer, 0, buffer.byteLength / 6);
      view.count = 0; view.shown = 0; view.head = 0;
      view.options.spin = true;
      view.setPoints(points);
      view.play();
    }).catch(function () { /* the system that is shown moves on */ });
    clearTimeout(timer);
    if (!inscape.isStill()) { timer = setTimeout(function () { if (document.hidden || view.held) { show(place); } else { show(place + 1); } }, PAUSE); }
  }
  links.forEach(function (link, index) {
    link.addEventListener("pointerenter", function () { if (index !== place) { show(index); } });
    link.addEventListener("focus", function () { if (index !== place) { show(index); } });
  });
  document.addEventListener("visibilitychange", function () { if (document.hidden) { view.pause(); } else { view.play(); } });
  show(0);
})();
