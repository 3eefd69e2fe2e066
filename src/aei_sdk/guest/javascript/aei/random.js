// Randomness from the host, so that a replay can return what was recorded.

import { hex as fromHost } from "aei:plugin/random@0.1.0";

export const hex = (count) => fromHost(count);

/**
 * A whole number from 0 up to and without `below`, each as likely as the other.
 *
 * Draws 64 bits more than needed, so that the bias stays under 2^-64.
 */
export function integer(below) {
  if (!Number.isSafeInteger(below) || below < 1) throw new RangeError("below is a whole number from 1");
  const bytes = Math.ceil((below.toString(2).length + 64) / 8);
  return Number(BigInt(`0x${fromHost(bytes)}`) % BigInt(below));
}
