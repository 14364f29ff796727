// The wall: every tile drawn when it comes into sight, turning under the pointer; search, sort and filters at once.
(function () {
  "use strict";
  var inscape = window.inscape, wall = document.getElementById("wall");
  var tiles = Array.prototype.slice.call(wall.querySelectorAll(".tile")), count = document.getElementById("count");
  var search = document.getElementById("q"), sort = document.getElementById("sort"), kind = document.getElementById("kind"), field = document.getElementById("field");
  var none = document.getElementById("none"), buffer = null;

  function draw(tile) {
    if (tile.orbit || !buffer || !Number(tile.dataset.count)) { return; }
    var flat = tile.dataset.flat === "1";
    tile.orbit = new inscape.Orbit(tile.querySelector("canvas"), {
      dots: tile.dataset.kind === "map", flat: flat, comet: tile.dataset.kind !== "map", line: 0.85, reveal: true
    });
    var points = inscape.unpacked(buffer, Number(tile.dataset.start), Number(tile.dataset.count));
    tile.orbit.setPoints(flat ? inscape.flattened(points) : points);
    // A tile draws itself once, and rests until someone looks at it.
    tile.orbit.onFrame = function () { if (tile.orbit.shown >= tile.orbit.count && !tile.lively) { tile.orbit.pause(); tile.orbit.draw(); } };
    tile.orbit.play();
  }
  var sight = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) { draw(entry.target); } else if (entry.target.orbit) { entry.target.orbit.pause(); }
    });
  }, { rootMargin: "120px" });
  tiles.forEach(function (tile) {
    ["pointerenter", "focus"].forEach(function (name) { tile.addEventListener(name, function () { tile.lively = true; if (tile.orbit) { tile.orbit.play(); } }); });
    ["pointerleave", "blur"].forEach(function (name) { tile.addEventListener(name, function () { tile.lively = false; }); });
  });
  fetch("/zoo/wall.bin").then(function (answer) { return answer.arrayBuffer(); }).then(function (bytes) {
    buffer = bytes;
    tiles.forEach(function (tile) { sight.observe(tile); });
  }).catch(function () { inscape.say("The pictures could not be read; load the page again."); });

  var ORDERS = {
    name: function (a, b) { return a.dataset.name.localeCompare(b.dataset.name); },
    exponent: function (a, b) { return number(b, "exponent") - number(a, "exponent"); },
    perPeriod: function (a, b) { return number(b, "perperiod") - number(a, "perperiod"); },
    dimension: function (a, b) { return number(b, "fractal") - number(a, "fractal"); },
    states: function (a, b) { return number(b, "dimension") - number(a, "dimension"); }
  };
  function number(tile, key) { return tile.dataset[key] === "" ? -1e9 : Number(tile.dataset[key]); }

  function arrange() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    tiles.forEach(function (tile) {
      var fits = words.every(function (word) { return tile.dataset.words.indexOf(word) >= 0; }) &&
        (!kind.value || tile.dataset.kind === kind.value) && (!field.value || tile.dataset.fields.split(" ").indexOf(field.value) >= 0);
      tile.parentElement.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    count.textContent = shown === 1 ? "1 system" : shown + " systems";
    none.hidden = shown > 0;
    var address = new URL(window.location.href);
    [["q", search.value], ["sort", sort.value === "name" ? "" : sort.value], ["kind", kind.value], ["field", field.value]].forEach(function (pair) {
      if (pair[1]) { address.searchParams.set(pair[0], pair[1]); } else { address.searchParams.delete(pair[0]); }
    });
    window.history.replaceState(null, "", address);
  }
  function reorder() {
    tiles.slice().sort(ORDERS[sort.value] || ORDERS.name).forEach(function (tile) { wall.appendChild(tile.parentElement); });
    arrange();
  }
  var asked = new URL(window.location.href).searchParams;
  [sort, kind, field].forEach(function (select) {
    var value = asked.get(select.id);
    if (value && select.querySelector('option[value="' + CSS.escape(value) + '"]')) { select.value = value; }
  });
  search.addEventListener("input", arrange);
  document.getElementById("find").addEventListener("submit", function (event) { event.preventDefault(); });
  kind.addEventListener("change", arrange);
  field.addEventListener("change", arrange);
  sort.addEventListener("change", reorder);
  reorder();
})();
