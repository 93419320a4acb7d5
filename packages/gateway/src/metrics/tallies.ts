/** The labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** One line of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's own: `x_bucket`, `x_sum`, `x_count`. */
  readonly metricName?: string;
}

/** A metric as Prometheus' clients exchange it. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: readonly Sample[];
}

/**
 * Keeps values by their labels. More series than the limit are not taken up: whatever comes, a page
 * stays readable and memory bounded.
 */
class Series<T> {
  readonly #byKey = new Map<string, { readonly labels: Labels; readonly value: T }>();
  readonly #make: () => T;
  readonly #max: number;

  constructor(make: () => T, max = 10_000) {
    this.#make = make;
    this.#max = max;
  }

  at(labels: Labels): T | undefined {
    let key = '';
    for (const name in labels) key += `${labels[name] ?? ''}\n`;
    const found = this.#byKey.get(key);
    if (found !== undefined) return found.value;
    if (this.#byKey.size >= this.#max) return undefined;
    const value = this.#make();
    this.#byKey.set(key, { labels, value });
    return value;
  }

  all(): Iterable<{ readonly labels: Labels; readonly value: T }> {
    return this.#byKey.values();
  }
}

/** Counts, by labels; each call gives the same names in the same order. */
export class CounterTally {
  readonly #series = new Series(() => ({ count: 0 }));
  readonly #name: string;
  readonly #help: string;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels, by = 1): void {
    const found = this.#series.at(labels);
    if (found !== undefined) found.count += by;
  }

  metric(): Metric {
    const values = [...this.#series.all()].map(({ labels, value }) => ({
      labels,
      value: value.count,
    }));
    return { name: this.#name, help: this.#help, type: 'counter', values };
  }
}

/** Counts how often a value was at most so much, by labels. */
export class HistogramTally {
  readonly #series: Series<{ readonly counts: number[]; sum: number }>;
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];

  /** @param bounds - upper bounds, ascending. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#series = new Series(() => ({
      counts: Array.from<number>({ length: bounds.length + 1 }).fill(0),
      sum: 0,
    }));
  }

  observe(labels: Labels, value: number): void {
    const found = this.#series.at(labels);
    if (found === undefined || !Number.isFinite(value)) return;
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? 0)) at += 1;
    found.counts[at] = (found.counts[at] ?? 0) + 1;
    found.sum += value;
  }

  metric(): Metric {
    const name = this.#name;
    const values: Sample[] = [];
    for (const { labels, value } of this.#series.all()) {
      let upTo = 0;
      for (const [at, count] of value.counts.entries()) {
        upTo += count;
        const le = this.#bounds[at] ?? '+Inf';
        values.push({ labels: { le, ...labels }, value: upTo, metricName: `${name}_bucket` });
      }
      values.push({ labels, value: value.sum, metricName: `${name}_sum` });
      values.push({ labels, value: upTo, metricName: `${name}_count` });
    }
    return { name, help: this.#help, type: 'histogram', values };
  }
}
