// What the engine took from an operating system, taken from the host: the time, chance and the console.
//
// The component has no system to ask. Without this, `Date` would trap and `Math.random` would repeat one
// sequence in every execution, since the engine's state is the one that was kept at build time.

import { monotonic, now } from "./clock.js";
import { debug, error, info, warn } from "./log.js";
import { hex } from "./random.js";

const SystemDate = Date;

globalThis.Date = class Date extends SystemDate {
  constructor(...parts) {
    super(...(parts.length ? parts : [now()]));
  }

  static now() {
    return now();
  }
};
globalThis.performance = Object.freeze({ now: monotonic });

let state;

/** xoshiro128** 1.1 (Blackman and Vigna, https://prng.di.unimi.it), seeded by the host once an execution. */
function next() {
  state ??= new Uint32Array(hex(16).match(/.{8}/g).map((word) => parseInt(word, 16)));
  const rotated = Math.imul(state[1], 5);
  const result = Math.imul((rotated << 7) | (rotated >>> 25), 9) >>> 0;
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = (state[3] << 11) | (state[3] >>> 21);
  return result;
}

Math.random = () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;

const words = (parts) =>
  parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part) ?? String(part))).join(" ");

globalThis.console = Object.freeze({
  debug: (...parts) => debug(words(parts)),
  log: (...parts) => info(words(parts)),
  info: (...parts) => info(words(parts)),
  warn: (...parts) => warn(words(parts)),
  error: (...parts) => error(words(parts)),
});
