// What a single cell can be: nothing, a number, a date, yes or no; everything else is text.

const NOTHING = new Set(["", "na", "n/a", "null", "none", "nan", "nil", "-", "--", "#n/a", "#value!", "?"]);
const BOOLEANS = new Set(["true", "false", "yes", "no", "y", "n", "t", "f"]);
const PLAIN_INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
const PATTERN = {
  // Groups of three with the other sign, or none; a leading zero is a code, not a number.
  ".": /^[+-]?(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)?(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/,
  ",": /^[+-]?(?:0|[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d*)?(?:,\d+)?(?:[eE][+-]?\d{1,3})?$/,
};
// More digits than this are an identifier: a card, an account, a barcode. They would not even fit exactly.
const MOST_DIGITS = 15;
const ISO = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/;
const TURNED = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/;

/** @param {string} cell */
export const isNothing = (cell) => cell.length < 8 && NOTHING.has(cell.trim().toLowerCase());

/** @param {string} cell */
export const isBoolean = (cell) => cell.length < 8 && BOOLEANS.has(cell.trim().toLowerCase());

/**
 * A cell as a number, or undefined.
 *
 * @param {string} cell
 * @param {"." | ","} decimal the sign before the fraction; the other one may group thousands
 */
export function numberIn(cell, decimal) {
  const text = cell.trim();
  if (text.length > 40 || !/\d/.test(text) || !PATTERN[decimal].test(text)) return undefined;
  const whole = text.split(/[eE]/)[0];
  if (whole.replace(/\D/g, "").length > MOST_DIGITS && PLAIN_INTEGER.test(text)) return undefined;
  const plain = decimal === "." ? text.replaceAll(",", "") : text.replaceAll(".", "").replace(",", ".");
  const number = Number(plain);
  return Number.isFinite(number) ? number : undefined;
}

/** Whether a cell's number would be another one with the other decimal sign: 1,234 and 1.234. */
export const isAmbiguous = (cell) => /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(cell.trim());

/**
 * A cell as a moment in ISO 8601, or undefined.
 *
 * @param {string} cell
 * @param {"dmy" | "mdy"} order what 03/04/2026 means
 * @returns {{ iso: string, timed: boolean } | undefined}
 */
export function momentIn(cell, order) {
  const text = cell.trim();
  if (text.length > 40) return undefined;
  const iso = ISO.exec(text);
  if (iso) return moment(iso[1], iso[2], iso[3], iso.slice(4));
  const turned = TURNED.exec(text);
  if (!turned) return undefined;
  const [day, month] = order === "dmy" ? [turned[1], turned[2]] : [turned[2], turned[1]];
  return moment(turned[3], month, day, []);
}

/** Whether a date reads differently when its day comes first: 03/04/2026. */
export function dayAndMonthSwap(cell) {
  const turned = TURNED.exec(cell.trim());
  return turned !== null && Number(turned[1]) <= 12 && Number(turned[2]) <= 12 && turned[1] !== turned[2];
}

function moment(year, month, day, [hour, minute, second, zone]) {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (m < 1 || m > 12 || d < 1 || d > daysOf(y, m)) return undefined;
  const date = `${year}-${two(month)}-${two(day)}`;
  if (hour === undefined) return { iso: date, timed: false };
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  return { iso: `${date}T${two(hour)}:${minute}:${second ?? "00"}${zone ?? ""}`, timed: true };
}

const two = (digits) => String(digits).padStart(2, "0");
const leap = (year) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysOf = (year, month) => (month === 2 ? (leap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
