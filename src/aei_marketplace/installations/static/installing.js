// Actions on plugins: the dialog that asks for consent, and answers that take the place of a button.
"use strict";

(() => {
  const say = (text) => {
    document.getElementById("said").textContent = text;
  };

  // One dialog for the page, filled by whatever opens it; what is left in it is forgotten.
  const dialog = document.createElement("dialog");
  dialog.id = "consent";
  dialog.setAttribute("aria-labelledby", "consent-title");
  dialog.addEventListener("close", () => dialog.replaceChildren());
  document.body.append(dialog);

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog && !dialog.open) dialog.showModal();
  });
  // What the dialog asked for goes on in the page; a form that was refused stays open.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    // A refusal of ours says how things stand: it is shown as any other answer.
    if (xhr.status >= 400 && xhr.getResponseHeader("AEI-Fragment")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
    const asked = dialog.contains(requestConfig.elt) && requestConfig.verb === "post";
    if (asked && event.detail.shouldSwap && event.detail.target !== dialog) dialog.close();
  });

  const broke = (event) => {
    const { elt } = event.detail;
    if (elt.matches("a[href]")) window.location.assign(elt.href);
    else say("That could not be done. Reload the page to see how things stand.");
  };
  document.addEventListener("htmx:responseError", broke);
  document.addEventListener("htmx:sendError", broke);
})();
