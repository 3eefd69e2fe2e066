// What the queue of reviews gains beside queue.js: r, x, u, A and R, and answers that come into their place.
"use strict";

(() => {
  const queue = document.querySelector("[data-queue]");
  if (!queue) {
    // The last one was decided: that can be taken back by its key all the same.
    document.addEventListener("keydown", (event) => {
      if (event.key !== "u" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!event.target.closest("input, textarea, select")) document.querySelector('[data-key="u-all"]')?.click();
    });
    return;
  }
  const rows = () => [...queue.querySelectorAll("[data-row]")];
  const current = () => document.activeElement?.closest("[data-row]");
  const say = (text) => {
    document.getElementById("said").textContent = text;
  };

  // Whoever decides goes on at once; the answer comes into its place behind them.
  const decided = [];
  const forget = (row) => {
    const at = decided.indexOf(row.id);
    if (at >= 0) decided.splice(at, 1);
  };
  queue.addEventListener("submit", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || !event.target.hasAttribute("hx-post")) return;
    row.setAttribute("aria-busy", "true");
    if (event.target.hasAttribute("data-undo")) return;
    decided.push(row.id);
    const all = rows();
    const next = all.slice(all.indexOf(row) + 1).find((other) => !other.hasAttribute("data-done"));
    (next ?? row).focus();
    next?.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400 || !xhr.getResponseHeader("AEI-Fragment")) return;
    // A refusal of ours says how the review stands: it is shown as any other answer.
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const row = event.detail.elt.closest?.("[data-row]");
    if (!row) return;
    if (row.dataset.says) say(row.dataset.says);
    // What was refused, or taken back, is no decision to undo.
    if (!row.querySelector('[data-key="u"]')) forget(row);
    if (document.activeElement === document.body) row.focus();
    count();
  });
  const broke = (event) => {
    const row = event.detail.elt.closest("[data-row]");
    row?.removeAttribute("aria-busy");
    if (row) forget(row);
    say("That could not be done. Reload the page to see how things stand.");
  };
  document.addEventListener("htmx:responseError", broke);
  document.addEventListener("htmx:sendError", broke);

  // Choosing several.
  const boxes = () => [...queue.querySelectorAll("[name=chosen]")];
  const said = document.querySelector("[data-chosen]");
  const all = document.querySelector("[data-all]");
  const count = () => {
    if (said) said.textContent = `${boxes().filter((box) => box.checked).length} chosen`;
  };
  if (all) {
    all.hidden = false;
    all.addEventListener("click", () => {
      const every = boxes().every((box) => box.checked);
      for (const box of boxes()) box.checked = !every;
      count();
    });
  }
  document.addEventListener("change", count);
  count();

  const turnDown = () => {
    const details = current()?.querySelector(".turn-down");
    if (!details) return;
    details.open = true;
    details.querySelector("input:not([type=hidden])").focus();
  };
  const choose = () => {
    const box = current()?.querySelector("[name=chosen]");
    if (!box) return;
    box.checked = !box.checked;
    count();
  };
  const undo = () => {
    const last = decided.at(-1);
    if (!last) {
      document.querySelector('[data-key="u-all"]')?.click();
      return;
    }
    const button = document.getElementById(last).querySelector('[data-key="u"]');
    if (!button) return; // its answer is still on the way
    decided.pop();
    button.click();
    document.getElementById(last).focus();
  };
  const keys = {
    r: turnDown,
    x: choose,
    u: undo,
    A: () => document.querySelector('[data-key="A"]')?.click(),
    R: () => document.querySelector('[data-key="R"]')?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const details = event.target.closest(".turn-down");
      if (!details) return;
      details.open = false;
      details.closest("[data-row]").focus();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
