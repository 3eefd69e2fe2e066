// Numbers of a column: eight bytes each, and what statistics says of them.

const SHOWN = 5;
const QUANTILES = { p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95 };

/** A list of numbers that grows by doubling and holds eight bytes for each. */
export class Numbers {
  constructor() {
    this.length = 0;
    this.room = new Float64Array(16);
  }

  /** @param {number} number */
  push(number) {
    if (this.length === this.room.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.room);
      this.room = larger;
    }
    this.room[this.length++] = number;
  }

  values() {
    return this.room.subarray(0, this.length);
  }
}

/**
 * Range, mean, deviation, quantiles and outliers.
 *
 * Quantiles interpolate between neighbours (type 7 of Hyndman and Fan, 1996). Outliers lie further than one and a
 * half interquartile ranges outside the quartiles (Tukey's fences); when half of the values are equal there are none.
 *
 * @param {Float64Array} values
 * @param {Float64Array} lines where each value stands
 */
export function describe(values, lines) {
  const sorted = Float64Array.from(values).sort();
  const { mean, deviation } = moments(values);
  const quantiles = Object.fromEntries(Object.entries(QUANTILES).map(([name, share]) => [name, quantile(sorted, share)]));
  return {
    min: sorted[0],
    max: sorted[sorted.length - 1],
    mean,
    deviation,
    quantiles,
    outliers: outliers(values, lines, quantiles.p25, quantiles.p75),
  };
}

/** Mean and sample deviation in one pass (Welford, 1962). */
function moments(values) {
  let [mean, squares, count] = [0, 0, 0];
  for (const value of values) {
    count += 1;
    const distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
  }
  return { mean: rounded(mean), deviation: rounded(count > 1 ? Math.sqrt(squares / (count - 1)) : 0) };
}

function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return rounded(sorted[below] + (sorted[above] - sorted[below]) * (place - below));
}

function outliers(values, lines, low, high) {
  const reach = 1.5 * (high - low);
  if (reach === 0) return { count: 0, examples: [] };
  let count = 0;
  const examples = [];
  values.forEach((value, index) => {
    if (value >= low - reach && value <= high + reach) return;
    count += 1;
    if (examples.length < SHOWN) examples.push({ line: lines[index], value });
  });
  return { count, examples };
}

/** Twelve digits: what is behind them comes from the arithmetic, not from the file. */
const rounded = (number) => (Number.isFinite(number) ? Number(number.toPrecision(12)) : null);
