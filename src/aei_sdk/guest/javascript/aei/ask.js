// One call to the host: text in, text out, its error as an exception.

import { raisedFrom } from "./errors.js";

export function ask(call, ...texts) {
  try {
    return call(...texts);
  } catch (error) {
    // An error result carries the host's text as `payload`; anything else is a fault of this side.
    if (typeof error?.payload !== "string") throw error;
    throw raisedFrom(error.payload);
  }
}
