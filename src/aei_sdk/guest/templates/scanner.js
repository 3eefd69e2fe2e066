// Find the lines of a text that still hold a TODO.

import { Failed, log } from "aei";

/**
 * Take a text, return findings, each with its line.
 *
 * @param {{ text?: unknown }} task
 */
export function run(task) {
  const { text } = task;
  if (typeof text !== "string") throw new Failed('send {"text": "…"}');
  const findings = text.split(/\r\n|\r|\n/u).flatMap((line, index) =>
    line.includes("TODO") ? [{ line: index + 1, severity: "info", message: "a TODO is left" }] : [],
  );
  log.info(`${findings.length} findings`);
  return { findings };
}
