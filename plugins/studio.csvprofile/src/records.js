// Reading records: RFC 4180, and what files do instead of it.

// After so many quotes that are never closed, quotes mean nothing any more: each costs a search to the end.
const MOST_UNCLOSED = 10;
const LINE_ENDS = /\r\n|\r|\n/g;

/**
 * The records of a text, one at a time; only the current one is held.
 *
 * Line ends are LF, CRLF and CR. A quote inside a quoted field is doubled; one that is followed by anything else
 * counts as itself and is reported. A quote that is never closed counts as itself too, so that it does not
 * swallow the rest of the file.
 *
 * @param {string} text without a byte order mark
 * @param {{ delimiter: string, quote: string }} dialect single characters
 * @param {(kind: string, line: number) => void} report told of every oddity
 * @returns {Generator<{ fields: string[], line: number }>} `line` counts from 1
 */
export function* records(text, { delimiter, quote }, report = () => {}) {
  const ends = { lf: new Next(text, "\n"), cr: new Next(text, "\r") };
  const next = { ...ends, delimiter: new Next(text, delimiter), unclosed: 0 };
  let [at, line] = [0, 1];
  while (at < text.length) {
    const end = lineEnd(next, at);
    const plain = text.slice(at, end);
    if (!plain.includes(quote) || next.unclosed >= MOST_UNCLOSED) {
      if (plain) yield { fields: plain.split(delimiter), line };
      at = afterLineEnd(text, end);
      line += 1;
      continue;
    }
    const record = quoted(text, at, delimiter, quote, next);
    for (const kind of record.oddities) report(kind, line);
    yield { fields: record.fields, line };
    line += text.slice(at, record.end).match(LINE_ENDS)?.length ?? 0;
    at = record.end;
  }
}

/** One record that has quotes: its fields, where the next one begins, and what was odd. */
function quoted(text, start, delimiter, quote, next) {
  const [fields, oddities] = [[], []];
  for (let at = start; ; at += 1) {
    const opens = text[at] === quote && next.unclosed < MOST_UNCLOSED;
    const field = opens ? quotedField(text, at, delimiter, quote) : null;
    if (field) {
      fields.push(field.value);
      if (field.stray) oddities.push("stray_quote");
      at = field.end;
    } else {
      if (opens) {
        oddities.push("unclosed_quote");
        next.unclosed += 1;
      }
      const end = Math.min(next.delimiter.from(at), lineEnd(next, at));
      fields.push(text.slice(at, end));
      at = end;
    }
    if (text[at] !== delimiter) return { fields, oddities, end: afterLineEnd(text, at) };
  }
}

/** A field from its opening quote on, or null when no quote closes it. */
function quotedField(text, start, delimiter, quote) {
  let [value, from, stray] = ["", start + 1, false];
  for (;;) {
    const at = text.indexOf(quote, from);
    if (at < 0) return null;
    const next = text[at + 1];
    if (next === undefined || next === delimiter || next === "\n" || next === "\r") {
      return { value: value + text.slice(from, at), end: at + 1, stray };
    }
    stray ||= next !== quote;
    value += text.slice(from, at + 1);
    from = next === quote ? at + 2 : at + 1;
  }
}

/** Where a character comes next. Asked from left to right, it searches each part of the text once. */
class Next {
  constructor(text, what) {
    Object.assign(this, { text, what, at: -1 });
  }

  /** Its place from `from` on; the end of the text when there is none. */
  from(from) {
    if (this.at < from) this.at = this.text.indexOf(this.what, from);
    if (this.at < 0) this.at = this.text.length;
    return this.at;
  }
}

const lineEnd = (next, from) => Math.min(next.lf.from(from), next.cr.from(from));

function afterLineEnd(text, at) {
  return text[at] === "\r" && text[at + 1] === "\n" ? at + 2 : at + 1;
}
