// Handing over a recording: chosen by hand, or dropped anywhere on the page.
(function () {
  "use strict";
  var drop = document.getElementById("drop"), file = document.getElementById("file"), sent = document.getElementById("sent");
  var problem = document.getElementById("problem"), MEBIBYTE = 1048576, limit = Number(drop.dataset.limit) * MEBIBYTE, depth = 0;

  function say(text) { sent.hidden = true; file.value = ""; problem.textContent = text; problem.scrollIntoView({ block: "nearest" }); }

  function send(chosen) {
    if (!chosen) { return; }
    problem.textContent = "";
    if (chosen.size > limit) {
      say(chosen.name + ": " + Math.ceil(chosen.size / MEBIBYTE) + " MiB found, expected at most " + drop.dataset.limit + "; take fewer columns or a shorter stretch, or inscape learn at the terminal");
      return;
    }
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
      if (request.status === 200) { sent.hidden = true; file.value = ""; window.location.assign(told.page); return; }
      say((told && told.error) || request.responseText || "The gallery answered " + request.status + ".");
    };
    request.onerror = function () { say("The upload broke off; the gallery was stopped, or the file changed on its way. Try once more."); };
    request.send(chosen);
  }

  function carriesFiles(event) { return event.dataTransfer && Array.prototype.indexOf.call(event.dataTransfer.types, "Files") >= 0; }
  file.addEventListener("change", function () { send(file.files[0]); });
  // Every element on the way is entered and left; only the last leave is one of the page.
  document.addEventListener("dragenter", function (event) { if (carriesFiles(event)) { event.preventDefault(); depth += 1; drop.classList.add("over"); } });
  document.addEventListener("dragover", function (event) { if (carriesFiles(event)) { event.preventDefault(); } });
  document.addEventListener("dragleave", function (event) { if (carriesFiles(event)) { depth = Math.max(0, depth - 1); drop.classList.toggle("over", depth > 0); } });
  document.addEventListener("drop", function (event) {
    if (!carriesFiles(event)) { return; }
    event.preventDefault();
    depth = 0; drop.classList.remove("over");
    send(event.dataTransfer.files[0]);
  });
})();
