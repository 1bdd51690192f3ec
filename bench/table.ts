/** One line of bench/RESULTS.md. */
export interface BenchRow {
  readonly what: string;
  readonly measured: string;
  /** Empty where there is none. */
  readonly target: string;
  readonly verdict: 'met' | 'missed' | '';
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}

export function atMost(what: string, value: number, target: number, unit: string): BenchRow {
  return {
    what,
    measured: `${value.toFixed(value < 10 ? 2 : 1)}${unit}`,
    target: `≤ ${String(target)}${unit}`,
    verdict: value <= target ? 'met' : 'missed',
  };
}

export const figure = (what: string, measured: string): BenchRow => ({
  what,
  measured,
  target: '',
  verdict: '',
});

export function renderTable(rows: readonly BenchRow[]): string {
  const lines = rows.map((row) => `| ${row.what} | ${row.measured} | ${row.target} | ${row.verdict} |`);
  return ['| what | measured | target | verdict |', '|---|---|---|---|', ...lines].join('\n');
}
