// What the marketplace's page gains from scripts besides htmx: results are announced, the arrows reach them.
"use strict";

(() => {
  const cards = () => [...document.querySelectorAll("#cards h3 a")];

  // A screen reader hears how many there are, once the reader has stopped typing.
  document.addEventListener("htmx:afterSettle", (event) => {
    const count = document.getElementById("count");
    if (count && event.target.closest("#market")) document.getElementById("said").textContent = count.textContent;
  });

  // From the field down into the cards, and back up.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const field = document.getElementById("search");
    const at = cards().indexOf(event.target);
    if (event.target !== field && at < 0) return;
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    const goal = next === -1 ? field : cards()[next];
    if (!goal || goal === event.target) return;
    event.preventDefault();
    goal.focus();
    goal.scrollIntoView({ block: "nearest" });
  });
})();
