// One column while it is read, and what is said of it at the end.

import { dayAndMonthSwap, isAmbiguous, isBoolean, isNothing, momentIn, numberIn } from "./values.js";
import { Numbers, describe } from "./numbers.js";
import { distinctIn, hash } from "./hashing.js";

// A column is of a kind when nearly all its cells are; what is not is counted and shown.
const NEARLY_ALL = 0.95;
const FEWEST_FOR_NEARLY = 20;
const MOST_COUNTED = 1_000;
const SHOWN = 5;
const LONGEST_SHOWN = 80;

export class Column {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.hashes = new Numbers();
    this.nothing = 0;
    this.shortest = Infinity;
    this.longest = 0;
    /** @type {Map<string, number> | null} values and how often; null once there were too many */
    this.counts = new Map();
    this.booleans = 0;
    this.ambiguous = 0;
    this.swapping = 0;
    this.numbers = { ".": new Numbers(), ",": new Numbers() };
    this.lines = { ".": new Numbers(), ",": new Numbers() };
    this.whole = { ".": true, ",": true };
    this.moments = { dmy: newMoments(), mdy: newMoments() };
    this.odd = { number: [], moment: [], boolean: [] };
  }

  /** Take the next cell; `undefined` where a record was too short. */
  add(cell, line) {
    if (cell === undefined || isNothing(cell)) {
      this.nothing += 1;
      this.hashes.push(0);
      return;
    }
    this.hashes.push(hash(cell));
    this.count(cell);
    this.shortest = Math.min(this.shortest, cell.length);
    this.longest = Math.max(this.longest, cell.length);
    this.addNumber(cell, line);
    this.addMoment(cell, line);
    if (isBoolean(cell)) this.booleans += 1;
    else remember(this.odd.boolean, cell, line);
  }

  count(cell) {
    if (this.counts === null) return;
    const key = cell.slice(0, LONGEST_SHOWN);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (this.counts.size > MOST_COUNTED) this.counts = null;
  }

  addNumber(cell, line) {
    let known = false;
    for (const decimal of [".", ","]) {
      const number = numberIn(cell, decimal);
      if (number === undefined) continue;
      known = true;
      this.numbers[decimal].push(number);
      this.lines[decimal].push(line);
      this.whole[decimal] &&= Number.isInteger(number) && !/[eE]/.test(cell);
    }
    if (!known) remember(this.odd.number, cell, line);
    else if (isAmbiguous(cell)) this.ambiguous += 1;
  }

  addMoment(cell, line) {
    let known = false;
    for (const order of ["dmy", "mdy"]) {
      const found = momentIn(cell, order);
      if (!found) continue;
      known = true;
      const moments = this.moments[order];
      moments.count += 1;
      moments.timed ||= found.timed;
      if (moments.first === null || found.iso < moments.first) moments.first = found.iso;
      if (moments.last === null || found.iso > moments.last) moments.last = found.iso;
    }
    if (!known) remember(this.odd.moment, cell, line);
    else if (dayAndMonthSwap(cell)) this.swapping += 1;
  }

  /** The column's profile. */
  profile() {
    const rows = this.hashes.length;
    const present = rows - this.nothing;
    const common = {
      name: this.name,
      nulls: this.nothing,
      distinct: distinctIn(this.hashes.values(), this.nothing > 0),
    };
    if (present === 0) return { ...common, type: "empty" };
    return { ...common, ...(this.kind(present) ?? this.text(present)) };
  }

  kind(present) {
    // More cells have to speak for the comma: 1,234 and 5,678 alone are thousands.
    const decimal = this.numbers[","].length > this.numbers["."].length ? "," : ".";
    const order = this.moments.mdy.count > this.moments.dmy.count ? "mdy" : "dmy";
    if (isKind(this.booleans, present)) return { type: "boolean", ...this.exceptions("boolean", present, this.booleans) };
    if (isKind(this.numbers[decimal].length, present)) return this.number(decimal, present);
    if (isKind(this.moments[order].count, present)) return this.moment(order, present);
    return null;
  }

  number(decimal, present) {
    const values = this.numbers[decimal].values();
    const type = this.whole[decimal] ? "integer" : "number";
    const notes = this.ambiguous === values.length ? ["1,234 and 1.234 could mean the other: the decimal sign is a guess"] : [];
    return {
      type,
      ...(type === "number" ? { decimal } : {}),
      ...describe(values, this.lines[decimal].values()),
      ...this.exceptions("number", present, values.length),
      ...(notes.length ? { notes } : {}),
    };
  }

  moment(order, present) {
    const { count, timed, first, last } = this.moments[order];
    const guessed = this.swapping > 0 && this.moments.dmy.count === this.moments.mdy.count;
    return {
      type: timed ? "datetime" : "date",
      min: first,
      max: last,
      ...this.exceptions("moment", present, count),
      ...(guessed ? { notes: ["day and month could be swapped: read as day first"] } : {}),
    };
  }

  text(present) {
    const top = [...(this.counts ?? [])].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, SHOWN);
    return {
      type: "text",
      shortest: this.shortest,
      longest: this.longest,
      ...(this.counts && this.counts.size < present ? { top: top.map(([value, count]) => ({ value, count })) } : {}),
    };
  }

  exceptions(kind, present, fitting) {
    return present === fitting ? {} : { exceptions: { count: present - fitting, examples: this.odd[kind] } };
  }
}

const newMoments = () => ({ count: 0, timed: false, first: null, last: null });

const isKind = (fitting, present) =>
  fitting === present || (present >= FEWEST_FOR_NEARLY && fitting / present >= NEARLY_ALL);

function remember(examples, cell, line) {
  if (examples.length < SHOWN) examples.push({ line, value: cell.slice(0, LONGEST_SHOWN) });
}
