// What every page has: the theme button, writes with their token, long work followed live, copy buttons.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var inscape = (window.inscape = {});

  inscape.isDark = function () {
    return root.dataset.theme === "dark" || (root.dataset.theme !== "light" && dark.matches);
  };
  inscape.colour = function (name) { return getComputedStyle(root).getPropertyValue(name).trim(); };
  inscape.isStill = function () { return window.matchMedia("(prefers-reduced-motion: reduce)").matches; };
  inscape.number = function (value, digits) {
    if (value === null || value === undefined || !isFinite(value)) { return "–"; }
    return String(Number(Number(value).toPrecision(digits || 4))).replace("-", "−");
  };

  function announceTheme() { window.dispatchEvent(new Event("inscape:theme")); }
  document.getElementById("theme").addEventListener("click", function () {
    root.dataset.theme = inscape.isDark() ? "light" : "dark";
    try { localStorage.setItem("inscape-theme", root.dataset.theme); } catch (error) { /* kept for this page only */ }
    announceTheme();
  });
  dark.addEventListener("change", announceTheme);

  var toast = document.getElementById("toast"), fading = 0;
  inscape.say = function (text) {
    toast.textContent = text;
    toast.classList.add("shown");
    clearTimeout(fading);
    fading = setTimeout(function () { toast.classList.remove("shown"); }, 4000);
  };

  // Every request of a page: JSON comes back, or an Error whose message is the server's one line.
  inscape.ask = async function (address, options) {
    var settings = Object.assign({ headers: {} }, options);
    settings.headers = Object.assign({ "Accept": "application/json" }, settings.headers);
    if (settings.method && settings.method !== "GET") {
      settings.headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]').content;
    }
    if (settings.json !== undefined) {
      settings.body = JSON.stringify(settings.json);
      settings.headers["Content-Type"] = "application/json";
      delete settings.json;
    }
    var answer;
    try { answer = await fetch(address, settings); } catch (error) {
      if (error.name === "AbortError") { throw error; }
      throw new Error("The gallery does not answer; is inscape serve still running?");
    }
    var text = await answer.text(), told = null;
    try { told = JSON.parse(text); } catch (error) { told = null; }
    if (!answer.ok) { throw new Error((told && told.error) || text || "The gallery answered " + answer.status + "."); }
    return told;
  };

  // Follows a job; `heard` is called with every word of it, and the promise holds the last.
  inscape.follow = function (id, heard) {
    return new Promise(function (resolve) {
      var source = new EventSource("/api/jobs/" + id + "/events");
      source.onmessage = function (event) {
        var job = JSON.parse(event.data);
        if (heard) { heard(job); }
        if (["done", "failed", "cancelled"].indexOf(job.state) >= 0) { source.close(); resolve(job); }
      };
    });
  };

  var WORDS = { queued: "waiting", running: "at work", done: "done", failed: "failed", cancelled: "cancelled" };
  inscape.showJob = function (panel, job) {
    var bar = panel.querySelector(".job-bar"), message = panel.querySelector(".job-message");
    var over = ["done", "failed", "cancelled"].indexOf(job.state) >= 0;
    panel.dataset.state = job.state;
    panel.querySelector(".job-state").textContent =
      WORDS[job.state] + (job.behind ? " behind " + job.behind : "") + (job.seconds ? " · " + Math.round(job.seconds) + " s" : "");
    panel.querySelector(".job-cancel").hidden = over;
    bar.hidden = over;
    if (job.total) { bar.max = job.total; bar.value = job.done; } else { bar.removeAttribute("value"); }
    message.textContent = job.message || (job.label ? job.label + (job.total ? " · " + job.done + " of " + job.total : "") : "");
  };
  inscape.attachJob = function (panel) {
    var id = panel.dataset.job;
    panel.querySelector(".job-cancel").addEventListener("click", function () {
      inscape.ask("/api/jobs/" + id + "/cancel", { method: "POST" }).catch(function (error) { inscape.say(error.message); });
    });
    inscape.follow(id, function (job) { inscape.showJob(panel, job); }).then(function (job) {
      panel.dispatchEvent(new CustomEvent("inscape:job", { detail: job, bubbles: true }));
      if (job.state === "done" && panel.dataset.then) { window.location.assign(panel.dataset.then); }
      if (job.state !== "done") { document.querySelectorAll(".after-job").forEach(function (next) { next.hidden = false; }); }
    });
  };
  document.querySelectorAll("[data-job]").forEach(function (panel) {
    if (["queued", "running"].indexOf(panel.dataset.state) >= 0) { inscape.attachJob(panel); }
  });

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) { return; }
    var text = document.getElementById(button.dataset.copy).textContent;
    navigator.clipboard.writeText(text).then(
      function () { inscape.say("Copied."); },
      function () { inscape.say("The browser does not allow copying; select the text instead."); }
    );
  });
})();
