// The keyboard in queues: j and k move, c claims, a approves, d denies, Enter opens, ? explains.
"use strict";

(() => {
  const queue = document.querySelector("[data-queue]");
  if (!queue) return;
  const rows = () => [...queue.querySelectorAll("[data-row]")];
  const current = () => rows().find((row) => row.contains(document.activeElement));

  const move = (step) => {
    const all = rows();
    if (all.length === 0) return;
    const at = all.indexOf(current());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  };
  const follow = (name) => current()?.querySelector(`[data-key="${name}"]`)?.click();
  const help = () => document.getElementById("queue-help")?.showModal();

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: () => follow("a"),
    d: () => follow("d"),
    c: () => follow("c"),
    Enter: () => follow("open"),
    "?": help,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // A dialog that has just closed holds the focus until the next frame: what counts is whether one is open.
    if (document.querySelector("dialog[open]") || event.target.closest("input, textarea, select")) return;
    if (event.key === "Enter" && !event.target.matches("[data-row]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
