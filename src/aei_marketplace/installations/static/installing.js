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

  // Work under way: pieces of the page come by a stream, each into the element that waits for it. A stream that
  // breaks off, as when the server starts anew, is taken up again, and says first how everything stands.
  const PAUSE_MS = 2000;
  const MOST_TRIES = 20;
  const streams = new Map();

  const follow = (root, tries = 0) => {
    const source = new EventSource(root.dataset.follows);
    streams.set(root, source);
    const places = [root, ...root.querySelectorAll("[data-piece]")].filter((place) => place.dataset.piece);
    for (const place of places) {
      source.addEventListener(place.dataset.piece, (event) => {
        place.innerHTML = event.data;
        htmx.process(place);
      });
    }
    source.addEventListener("end", () => source.close());
    source.addEventListener("error", () => {
      // A connection that was lost begins again by itself; one that was refused does not.
      if (source.readyState !== EventSource.CLOSED || !root.isConnected) return;
      if (tries < MOST_TRIES) setTimeout(() => root.isConnected && follow(root, tries + 1), PAUSE_MS);
      else say("The progress cannot be followed. Reload the page to see how things stand.");
    });
  };
  const followAll = () => {
    for (const [root, source] of streams) {
      if (root.isConnected) continue;
      source.close();
      streams.delete(root);
    }
    for (const root of document.querySelectorAll("[data-follows]")) if (!streams.has(root)) follow(root);
  };
  followAll();
  document.addEventListener("htmx:afterSettle", followAll);

  const broke = (event) => {
    const { elt } = event.detail;
    if (elt.matches("a[href]")) window.location.assign(elt.href);
    else say("That could not be done. Reload the page to see how things stand.");
  };
  document.addEventListener("htmx:responseError", broke);
  document.addEventListener("htmx:sendError", broke);
})();
