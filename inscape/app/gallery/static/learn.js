// A sample taken, the columns of a recording chosen, the contest begun.
(function () {
  "use strict";
  var inscape = window.inscape, problem = document.getElementById("problem");

  function say(error) { if (problem) { problem.textContent = error.message; problem.scrollIntoView({ block: "nearest" }); } }

  document.querySelectorAll("[data-sample]").forEach(function (button) {
    button.addEventListener("click", function () {
      button.disabled = true;
      inscape.ask("/learn/sample/" + encodeURIComponent(button.dataset.sample), { method: "POST" }).then(
        function (told) { window.location.assign(told.page); },
        function (error) { button.disabled = false; say(error); }
      );
    });
  });

  if (document.getElementById("reload-on-end")) {
    document.addEventListener("inscape:job", function (event) { if (event.detail.state !== "done") { window.location.reload(); } });
  }

  var choice = document.getElementById("choice");
  if (!choice) { return; }
  var time = document.getElementById("time"), dt = document.getElementById("dt"), run = document.getElementById("run");
  function allow(may) { choice.querySelectorAll("[type=submit]").forEach(function (button) { button.disabled = !may; }); }
  function value(id) { return document.getElementById(id).value; }
  time.addEventListener("change", function () { document.getElementById("dt-field").hidden = time.value !== "even"; });
  choice.addEventListener("submit", function (event) {
    event.preventDefault();
    problem.textContent = "";
    var named = time.value.indexOf("column:") === 0 ? time.value.slice(7) : null;
    var parts = { state: [], input: [], out: [] };
    choice.querySelectorAll("[data-column]").forEach(function (select) {
      if (select.dataset.column !== named && select.dataset.column !== run.value) { parts[select.value].push(select.dataset.column); }
    });
    var boxes = Array.prototype.slice.call(choice.querySelectorAll("[data-law]")), laws = boxes.filter(function (box) { return box.checked; });
    var told = {
      columns: parts.state, inputs: parts.input, time: named, dt: time.value === "even" ? Number(dt.value) : null, run: run.value || null,
      laws: laws.length === boxes.length ? [] : laws.map(function (box) { return box.dataset.law; }),
      horizon: value("horizon") ? Number(value("horizon")) : null, level: Number(value("level")), seed: Number(value("seed")),
      sort: document.getElementById("sort").checked, duplicates: value("duplicates")
    };
    allow(false);
    inscape.ask("/learn/recording/" + choice.dataset.recording + "/start", { method: "POST", json: told }).then(
      function (answer) { window.location.assign(answer.page); },
      function (error) { allow(true); say(error); }
    );
  });
})();
