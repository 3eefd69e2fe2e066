// Passkeys (W3C Web Authentication): a form that an authenticator fills in.
"use strict";

(() => {
  const form = document.querySelector("[data-passkey]");
  if (!form) return;
  const said = form.querySelector("[data-said]");
  const can = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;

  const ask = async () => {
    const options = JSON.parse(form.dataset.options);
    if (form.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  };
  const because = (error) => {
    if (error.name === "NotAllowedError") return "The passkey was not used in time, or you declined. Try again.";
    if (error.name === "InvalidStateError") return "This authenticator is registered already. Use another one.";
    return `The browser could not use a passkey here (${error.name}). Try again, or with another browser.`;
  };

  form.addEventListener(
    "submit",
    async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!can) {
        said.textContent = "This browser cannot use passkeys. Use a newer one.";
        return;
      }
      const button = form.querySelector("button");
      button.setAttribute("aria-busy", "true");
      said.textContent = "";
      try {
        form.elements.answer.value = JSON.stringify((await ask()).toJSON());
        form.requestSubmit();
      } catch (error) {
        button.removeAttribute("aria-busy");
        said.textContent = because(error);
      }
    },
    { capture: true },
  );
  if ("start" in form.dataset) form.requestSubmit();
})();
