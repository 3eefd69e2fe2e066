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

  // The button says what will happen: how many permissions are given.
  const label = (form) => {
    const given = [...form.querySelectorAll("[data-permission]")].filter((permission) =>
      [...permission.querySelectorAll("input")].some((input) =>
        input.type === "checkbox" ? input.checked : input.value.trim() !== "" && input.value !== "0",
      ),
    ).length;
    const button = form.querySelector("[data-consents]");
    const verb = form.dataset.consent;
    const asked = form.querySelector("[data-permission]") !== null;
    const permissions = given === 1 ? "1 permission" : `${given} permissions`;
    if (asked) button.textContent = given === 0 ? `${verb} without permissions` : `${verb} with ${permissions}`;
  };
  const labelAll = (root) => root.querySelectorAll("form[data-consent]").forEach(label);
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-consent]");
    if (form) label(form);
  });
  labelAll(document);

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== dialog) return;
    labelAll(dialog);
    if (!dialog.open) dialog.showModal();
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
