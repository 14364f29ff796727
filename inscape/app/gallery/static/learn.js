// Handing over a recording, choosing its columns, starting the contest.
(function () {
  "use strict";
  var inscape = window.inscape, problem = document.getElementById("problem"), drop = document.getElementById("drop");

  function say(error) { if (problem) { problem.textContent = error.message; problem.scrollIntoView({ block: "nearest" }); } }

  if (drop) {
    var file = document.getElementById("file"), sent = document.getElementById("sent");
    var send = function (chosen) {
      if (!chosen) { return; }
      problem.textContent = "";
      // XMLHttpRequest, since fetch does not tell how much of a body has gone.
      var request = new XMLHttpRequest();
      request.open("POST", "/learn/upload");
      request.setRequestHeader("X-CSRF-Token", document.querySelector('meta[name="csrf-token"]').content);
      request.setRequestHeader("X-File-Name", encodeURIComponent(chosen.name));
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Accept", "application/json");
      sent.hidden = false; sent.value = 0;
      request.upload.onprogress = function (event) { if (event.lengthComputable) { sent.value = event.loaded / event.total; } };
      request.onload = function () {
        var told = null;
        try { told = JSON.parse(request.responseText); } catch (error) { told = null; }
        sent.hidden = true; file.value = "";
        if (request.status === 200) { window.location.assign(told.page); return; }
        say(new Error((told && told.error) || request.responseText || "The gallery answered " + request.status + "."));
      };
      request.onerror = function () { sent.hidden = true; say(new Error("The upload broke off; the file may be too large, or the gallery was stopped.")); };
      request.send(chosen);
    };
    file.addEventListener("change", function () { send(file.files[0]); });
    ["dragenter", "dragover"].forEach(function (name) { document.addEventListener(name, function (event) { event.preventDefault(); drop.classList.add("over"); }); });
    ["dragleave", "drop"].forEach(function (name) { document.addEventListener(name, function (event) { event.preventDefault(); drop.classList.remove("over"); }); });
    document.addEventListener("drop", function (event) { if (event.dataTransfer) { send(event.dataTransfer.files[0]); } });
    document.querySelectorAll("[data-sample]").forEach(function (button) {
      button.addEventListener("click", function () {
        button.disabled = true;
        inscape.ask("/learn/sample/" + encodeURIComponent(button.dataset.sample), { method: "POST" }).then(
          function (told) { window.location.assign(told.page); },
          function (error) { button.disabled = false; say(error); }
        );
      });
    });
  }

  if (document.getElementById("reload-on-end")) {
    document.addEventListener("inscape:job", function (event) { if (event.detail.state !== "done") { window.location.reload(); } });
  }

  var choice = document.getElementById("choice");
  if (!choice) { return; }
  var time = document.getElementById("time"), dt = document.getElementById("dt"), run = document.getElementById("run"), start = document.getElementById("start");
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
    start.disabled = true;
    inscape.ask("/learn/recording/" + choice.dataset.recording + "/start", { method: "POST", json: told }).then(
      function (answer) { window.location.assign(answer.page); },
      function (error) { start.disabled = false; say(error); }
    );
  });
})();
