// What could tell the rows apart: one column, or two together.

import { distinctIn, hashOfPair } from "./hashing.js";

const MOST_COLUMNS = 8;
const MOST_ROWS = 50_000;

/**
 * Candidate keys: columns without nulls whose values are all different; pairs only where no column is one.
 *
 * @param {{ name: string, nulls: number, distinct: number }[]} profiles
 * @param {import("./column.js").Column[]} columns
 * @param {number} rows
 * @returns {string[][]}
 */
export function candidateKeys(profiles, columns, rows) {
  if (rows < 2) return [];
  const single = profiles.filter(({ nulls, distinct }) => nulls === 0 && distinct === rows);
  if (single.length > 0) return single.map(({ name }) => [name]);
  return rows > MOST_ROWS ? [] : pairs(profiles, columns, rows);
}

function pairs(profiles, columns, rows) {
  // A pair can only be a key when its columns have enough values between them; those with most come first.
  const full = profiles
    .map((profile, index) => ({ ...profile, hashes: columns[index].hashes.values() }))
    .filter(({ nulls, distinct }) => nulls === 0 && distinct > 1)
    .sort((a, b) => b.distinct - a.distinct)
    .slice(0, MOST_COLUMNS);
  const keys = [];
  full.forEach((one, index) => {
    for (const other of full.slice(index + 1)) {
      if (one.distinct * other.distinct < rows) continue;
      const both = one.hashes.map((value, row) => hashOfPair(value, other.hashes[row]));
      if (distinctIn(both, false) === rows) keys.push([one.name, other.name]);
    }
  });
  return keys;
}
