// Whether the first record names the columns, and what they are called.

import { records } from "./records.js";
import { isBoolean, isNothing, momentIn, numberIn } from "./values.js";

const SAMPLE = 200;

/**
 * @param {string} text
 * @param {{ delimiter: string, quote: string }} dialect
 * @param {boolean | undefined} given what the caller knows
 * @returns {{ present: boolean, names: string[] }} without a header the columns are called column 1, column 2, …
 */
export function names(text, dialect, given) {
  const sample = [];
  for (const { fields } of records(text, dialect)) if (sample.push(fields) > SAMPLE) break;
  if (sample.length === 0) return { present: false, names: [] };
  const [first, ...rest] = sample;
  const present = given ?? isHeader(first, rest);
  if (present) return { present, names: unique(first) };
  const width = commonest(sample.map((fields) => fields.length));
  return { present, names: Array.from({ length: width }, (_, index) => `column ${index + 1}`) };
}

/**
 * A header has a name for every column, each another one and none of them a value; below it something is of a
 * kind, or at least nothing repeats it.
 */
function isHeader(first, rest) {
  const cells = first.map((cell) => cell.trim());
  if (cells.some((cell) => isNothing(cell) || isValue(cell)) || new Set(cells).size < cells.length) return false;
  if (rest.length === 0) return false;
  return cells.some((cell, index) => {
    const below = rest.map((fields) => (fields[index] ?? "").trim()).filter((value) => !isNothing(value));
    return below.length > 0 && (below.every(isValue) || !below.includes(cell));
  });
}

const isValue = (cell) =>
  (cell.length > 1 && isBoolean(cell)) || // a column can be called n or y
  numberIn(cell, ".") !== undefined ||
  numberIn(cell, ",") !== undefined ||
  momentIn(cell, "dmy") !== undefined ||
  momentIn(cell, "mdy") !== undefined;

/** Names as they stand, numbered where one comes twice or is empty. */
function unique(cells) {
  const seen = new Map();
  return cells.map((cell, index) => {
    const name = cell.trim().slice(0, 100) || `column ${index + 1}`;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

function commonest(widths) {
  const counts = new Map();
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}
