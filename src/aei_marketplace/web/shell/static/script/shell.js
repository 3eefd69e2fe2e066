// What every page gains from scripts; reading and forms work without them.
"use strict";

(() => {
  const say = (text) => {
    document.getElementById("said").textContent = text;
  };

  // "/" goes to the search field, unless somebody is typing.
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const field = document.getElementById("search");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // Times in the reader's own zone and language, on hover and for screen readers.
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
  const localise = (root) => {
    for (const element of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(element.dateTime);
      if (!Number.isNaN(moment.valueOf())) element.title = exact.format(moment);
    }
  };

  // A form is sent once: its button is busy until the answer comes.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  // A page that the browser brings back from its memory can be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });

  // Buttons that open a dialog, and buttons that copy a text.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (dialog) {
        event.preventDefault();
        dialog.showModal();
      }
      return;
    }
    if (event.target.closest("[data-closes]")) {
      event.preventDefault();
      event.target.closest("dialog").close();
      return;
    }
    const copier = event.target.closest("[data-copies]");
    if (copier) {
      navigator.clipboard.writeText(copier.dataset.copies).then(
        () => say("Copied."),
        () => say("Could not copy; select the text and copy it yourself."),
      );
    }
  });

  // What went wrong is read first.
  const start = () => {
    localise(document);
    const summary = document.querySelector("[data-focus]");
    if (summary) summary.focus();
    for (const copier of document.querySelectorAll("[data-copies]")) copier.hidden = !navigator.clipboard;
  };
  document.addEventListener("htmx:load", (event) => localise(event.target));
  start();
})();
