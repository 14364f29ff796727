// Search while typing, filters without a button, and a page that goes on when its run is done.
(function () {
  "use strict";
  var inscape = window.inscape;

  var form = document.querySelector("form[data-live]");
  if (form) {
    var results = document.getElementById("results"), found = document.getElementById("found");
    var waiting = 0, asked = null, last = "";
    var look = async function () {
      var query = new URLSearchParams(new FormData(form));
      Array.from(query.keys()).forEach(function (key) { if (!query.get(key)) { query.delete(key); } });
      if (query.toString() === last) { return; }
      last = query.toString();
      if (asked) { asked.abort(); }
      asked = new AbortController();
      var address = "/papers" + (last ? "?" + last : "");
      try {
        var answer = await fetch(address + (last ? "&" : "?") + "part=list", { headers: { Accept: "text/html" }, signal: asked.signal });
        if (!answer.ok) { throw new Error("The gallery answered " + answer.status + "."); }
        // The list comes from our own template, which has escaped every text in it.
        results.innerHTML = await answer.text();
        history.replaceState(null, "", address);
        found.textContent = results.querySelectorAll(".paper-line").length + " papers";
      } catch (error) {
        if (error.name !== "AbortError") { inscape.say(error.message); }
      }
    };
    form.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(look, 140); });
    form.addEventListener("submit", function (event) { event.preventDefault(); clearTimeout(waiting); look(); });
  }

  document.querySelectorAll("form[data-instant]").forEach(function (filters) {
    filters.addEventListener("change", function () { filters.requestSubmit(); });
  });

  document.addEventListener("inscape:job", function (event) {
    var job = event.detail;
    if (job.state === "done" && job.result && job.result.run) {
      window.location.assign("/runs/" + encodeURIComponent(job.result.study) + "/" + encodeURIComponent(job.result.run));
    }
  });

  // Two runs are compared, never three: marking a third lets go of the first.
  var compare = document.getElementById("compare"), marked = [];
  if (compare) {
    compare.addEventListener("change", function (event) {
      if (event.target.name !== "run") { return; }
      marked = marked.filter(function (box) { return box !== event.target && box.checked; });
      if (event.target.checked) { marked.push(event.target); }
      while (marked.length > 2) { marked.shift().checked = false; }
    });
  }
})();
