// Which characters a file uses, found by trying: the right ones give records of one width with cells of a kind.
//
// The idea of judging a dialect by the pattern of its records and the types of its cells is that of van den Burg,
// Nazábal and Sutton, "Wrangling messy CSV files by detecting row and type patterns", 2019.

import { records } from "./records.js";
import { isBoolean, isNothing, momentIn, numberIn } from "./values.js";

const DELIMITERS = [",", ";", "\t", "|"];
const SAMPLE = 200;

/**
 * The dialect that explains the beginning of a text best.
 *
 * @param {string} text without a byte order mark
 * @param {{ delimiter?: string, quote?: string }} given what the caller knows already
 * @returns {{ delimiter: string, quote: string, confidence: number }}
 */
export function detectDialect(text, { delimiter, quote }) {
  const tried = (delimiter ? [delimiter] : DELIMITERS).flatMap((d) =>
    (quote ? [quote] : quotes(text, d)).map((q) => ({ delimiter: d, quote: q, score: score(text, d, q) })),
  );
  // The first of equals stays: commas before others, double quotes before single ones.
  const best = tried.reduce((a, b) => (b.score > a.score ? b : a));
  const others = tried.filter((one) => one.delimiter !== best.delimiter).map((one) => one.score);
  const second = Math.max(0, ...others);
  const confidence = best.score > 0 ? Math.min(1, (best.score - second) / best.score) : 0;
  return { delimiter: best.delimiter, quote: best.quote, confidence: Math.round(confidence * 100) / 100 };
}

/** Double quotes always; single ones where fields begin and end with them, which apostrophes do not. */
function quotes(text, delimiter) {
  const start = `\n${text.slice(0, 65_536)}\n`;
  const opens = [delimiter, "\n", "\r"].some((before) => start.includes(`${before}'`));
  const closes = [delimiter, "\n", "\r"].some((after) => start.includes(`'${after}`));
  return opens && closes ? ['"', "'"] : ['"'];
}

/** How the text's lines end; the commonest in its beginning. */
export function newlineOf(text) {
  const start = text.slice(0, 65_536);
  const crlf = start.split("\r\n").length - 1;
  const [lf, cr] = [start.split("\n").length - 1 - crlf, start.split("\r").length - 1 - crlf];
  const most = Math.max(crlf, lf, cr);
  if (most === 0) return "none";
  return most === crlf ? "crlf" : most === lf ? "lf" : "cr";
}

function score(text, delimiter, quote) {
  const widths = new Map();
  let [rows, cells, known, odd] = [0, 0, 0, 0];
  for (const { fields } of records(text, { delimiter, quote }, () => (odd += 1))) {
    widths.set(fields.length, (widths.get(fields.length) ?? 0) + 1);
    for (const cell of fields.slice(0, 50)) [cells, known] = [cells + 1, known + (hasKind(cell) ? 1 : 0)];
    if (++rows === SAMPLE) break;
  }
  if (rows === 0) return 0;
  // Every record counts with its width, so that a few long ones do not outweigh many of the same width.
  const pattern = [...widths].reduce((sum, [width, count]) => sum + count * Math.max(0.001, (width - 1) / width), 0) / widths.size;
  return (pattern / rows) * (0.1 + known / cells) * (1 / (1 + odd));
}

/** Whether a cell is of a kind that chance does not produce; words without odd signs count as well. */
function hasKind(cell) {
  const text = cell.trim();
  return (
    isNothing(text) ||
    isBoolean(text) ||
    numberIn(text, ".") !== undefined ||
    numberIn(text, ",") !== undefined ||
    momentIn(text, "dmy") !== undefined ||
    /^[\p{L}\p{N} ._@'()/+-]{1,80}$/u.test(text)
  );
}
