// The component's export: JSON in, the author's `run`, JSON out.

import "aei/globals.js";
import { error as logError } from "aei/log.js";
import { Failed } from "aei/errors.js";
import * as plugin from "./src/plugin.js";

if (typeof plugin.run !== "function") throw new Error("src/plugin.js exports no function run(task)");

/** Run one task; every exception becomes the error result, and its stack a log line. */
export function run(text) {
  try {
    return encode(plugin.run(JSON.parse(text)));
  } catch (error) {
    throw inWords(error);
  }
}

function encode(result) {
  if (typeof result?.then === "function") {
    throw new Failed("run returned a promise; calls to the host answer at once, so write run without async");
  }
  const text = JSON.stringify(result);
  if (text === undefined) throw new Failed(`run returned ${typeof result}, which JSON cannot say`);
  return text;
}

function inWords(error) {
  if (error instanceof Failed) return error.message;
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  logError([what, error?.stack ?? ""].join("\n").trim());
  return what;
}
