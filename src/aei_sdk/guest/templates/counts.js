// Count the characters, words and lines of a text.

import { Failed, log, progress } from "aei";

/**
 * Take a task, return its result; both are what JSON can say.
 *
 * @param {{ text?: unknown }} task
 */
export function run(task) {
  const { text } = task;
  if (typeof text !== "string") throw new Failed('send {"text": "…"}');
  const characters = [...text].length;
  log.info(`${characters} characters to count`);
  progress(0.5, "counting");
  const words = text.split(/\s+/u).filter(Boolean).length;
  const lines = text.split(/\r\n|\r|\n/u);
  if (lines.at(-1) === "") lines.pop();
  return { characters, words, lines: lines.length };
}
