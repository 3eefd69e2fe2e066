// An execution while it runs: its log and progress as they come, then its end out of a fresh copy of the page.
"use strict";

(() => {
  const MOST_LINES = 500;
  const RETRY_MS = 2000;
  const STEERING = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -~])?|\u009b(?:[0-?]*[ -/]*[@-~])?/g;
  const HIDDEN = /(?![\n\t\u00ad\u200c\u200d])[\p{Cc}\p{Cf}]/gu;

  const part = document.getElementById("execution");
  if (!part || !part.dataset.live) return;
  const find = (name) => part.querySelector(`[data-part="${name}"]`);
  const plain = (text) => String(text).replace(STEERING, "").replace(HIDDEN, "\ufffd");

  // The time so far, counted from what the server said when it wrote the page.
  const begun = performance.now() - Number(part.dataset.elapsed);
  const clock = setInterval(() => {
    const seconds = Math.floor((performance.now() - begun) / 1000);
    find("elapsed").textContent = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }, 1000);

  // Lines are collected and added together, so that a guest that writes much does not hold the page up.
  let waiting = [];
  const write = () => {
    const log = find("log");
    const lines = waiting.slice(-MOST_LINES).map((line) => {
      const row = document.createElement("li");
      const at = document.createElement("span");
      at.className = "at";
      at.textContent = `${Number(line.at_ms).toLocaleString("en")} ms`;
      const message = document.createElement("span");
      message.className = `message ${plain(line.level).toLowerCase().replace(/[^a-z]/g, "")}`;
      message.textContent = plain(line.message);
      row.append(at, message);
      return row;
    });
    waiting = [];
    log.append(...lines);
    while (log.children.length > MOST_LINES) log.firstChild.remove();
    find("no-log").hidden = log.children.length > 0;
    log.hidden = log.children.length === 0;
    log.scrollTop = log.scrollHeight;
  };

  const end = async () => {
    news.close();
    clearInterval(clock);
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("execution");
    if (!answer.ok || !fresh) {
      location.reload();
      return;
    }
    part.replaceWith(document.adoptNode(fresh));
    document.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
    document.getElementById("said").textContent = fresh.querySelector("[data-part=end]").textContent;
  };

  const news = new EventSource(part.dataset.live);
  // Each connection tells everything from the start.
  news.addEventListener("open", () => {
    waiting = [];
    find("log").replaceChildren();
  });
  news.addEventListener("log", (event) => {
    if (waiting.push(JSON.parse(event.data)) === 1) requestAnimationFrame(write);
  });
  news.addEventListener("progress", (event) => {
    const told = JSON.parse(event.data);
    const bar = find("progress");
    if (typeof told.fraction === "number") bar.value = Math.min(1, Math.max(0, told.fraction));
    find("doing").textContent = plain(told.message) || "Running";
  });
  // The browser comes back by itself after a break, and gives up after a refusal: then the page says how it stands.
  news.addEventListener("error", () => {
    if (news.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), RETRY_MS);
  });
  news.addEventListener("end", () => end().catch(() => location.reload()));
})();
