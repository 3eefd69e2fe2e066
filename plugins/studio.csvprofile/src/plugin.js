// Profile a CSV text: how it is written, what stands in its columns, and what is wrong with it.

import { Failed, log, progress } from "aei";
import { Column } from "./column.js";
import { detectDialect, newlineOf } from "./dialect.js";
import { names } from "./header.js";
import { candidateKeys } from "./keys.js";
import { records } from "./records.js";

const MOST_COLUMNS = 200;
const SHOWN = 5;

/**
 * @param {{ text?: unknown, delimiter?: string, quote?: string, header?: boolean }} task
 */
export function run(task) {
  if (typeof task?.text !== "string") throw new Failed('send {"text": "…"}, the content of a CSV file');
  const bom = task.text.startsWith("\uFEFF");
  const text = bom ? task.text.slice(1) : task.text;
  const problems = new Problems();
  if (text.includes("\0")) problems.add("nul_character", lineOf(text, text.indexOf("\0")));
  const dialect = detectDialect(text, task);
  const header = names(text, dialect, task.header);
  log.info(`delimiter ${JSON.stringify(dialect.delimiter)}, ${header.names.length} columns`);
  const { columns, rows, ragged } = readColumns(text, dialect, header, problems);
  const profiles = columns.map((column) => column.profile());
  if (header.names.length > MOST_COLUMNS) problems.add("columns_left_out", 1);
  return {
    dialect: { ...dialect, newline: newlineOf(text), bom, header: header.present },
    rows,
    columns: profiles,
    candidate_keys: candidateKeys(profiles, columns, rows),
    ragged,
    problems: problems.list(),
  };
}

function readColumns(text, dialect, header, problems) {
  const columns = header.names.slice(0, MOST_COLUMNS).map((name) => new Column(name));
  const ragged = { count: 0, expected: header.names.length, examples: [] };
  const report = (kind, line) => problems.add(kind, line);
  let [rows, skip, told] = [0, header.present, 0];
  for (const { fields, line } of records(text, dialect, report)) {
    if (skip) {
      skip = false;
      continue;
    }
    rows += 1;
    if (fields.length !== ragged.expected) noteRagged(ragged, fields.length, line);
    columns.forEach((column, index) => column.add(fields[index], line));
    if (rows - told >= 5_000) {
      told = rows;
      progress(0.5, `${rows} rows`);
    }
  }
  return { columns, rows, ragged };
}

function noteRagged(ragged, fields, line) {
  ragged.count += 1;
  if (ragged.examples.length < SHOWN) ragged.examples.push({ line, fields });
}

/** Kinds of oddities, each with how often and where first. */
class Problems {
  constructor() {
    this.known = new Map();
  }

  add(kind, line) {
    const problem = this.known.get(kind) ?? { kind, count: 0, first_line: line };
    problem.count += 1;
    this.known.set(kind, problem);
  }

  list() {
    return [...this.known.values()];
  }
}

const lineOf = (text, at) => text.slice(0, at).split(/\r\n|\r|\n/).length;
