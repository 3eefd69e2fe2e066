// Errors that a call to the host can end in, and the one that a plugin throws itself.

/** Throw this to end the execution with an error in plain words. */
export class Failed extends Error {
  name = "Failed";
}

/** The host could not do what was asked; `code` is its word for why. */
export class HostError extends Error {
  name = "HostError";

  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** It is not granted. The denial is recorded. */
export class Denied extends HostError {
  name = "Denied";
}

/** The request makes no sense. */
export class Invalid extends HostError {
  name = "Invalid";
}

/** There is no such file. */
export class NotFound extends HostError {
  name = "NotFound";
}

/** The other side took too long. */
export class Timeout extends HostError {
  name = "Timeout";
}

/** The response is larger than a plugin may receive. */
export class TooLarge extends HostError {
  name = "TooLarge";
}

/** The file area is full. */
export class Quota extends HostError {
  name = "Quota";
}

/** The execution's budget for this kind of call is spent. */
export class Budget extends HostError {
  name = "Budget";
}

/** The other side could not be reached, or failed. */
export class Unavailable extends HostError {
  name = "Unavailable";
}

const KINDS = new Map(
  Object.entries({
    denied: Denied,
    invalid: Invalid,
    not_found: NotFound,
    timeout: Timeout,
    too_large: TooLarge,
    quota: Quota,
    budget: Budget,
  }),
);

/** The error for the host's `{"code": …, "message": …}`. */
export function raisedFrom(text) {
  const answer = JSON.parse(text);
  const code = String(answer.code ?? "failed");
  const Kind = KINDS.get(code) ?? Unavailable;
  return new Kind(code, String(answer.message ?? ""));
}
