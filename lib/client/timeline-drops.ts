import type { TableTimeline, TimelinePoint } from '../contracts/timeline.ts';

export interface Drop {
  /** Where it fell. */
  readonly at: TimelinePoint;
  /** The last backup that still had the rows. */
  readonly before: TimelinePoint;
  readonly lostRows: number;
}

/** Every marked drop with the last backup before it whose rows are known; newest first. */
export function dropsOf({ points }: Pick<TableTimeline, 'points'>): readonly Drop[] {
  const drops: Drop[] = [];
  let before: TimelinePoint | null = null;
  for (const at of points) {
    if (at.rows === null) continue;
    if (at.isDrop && before?.rows != null) drops.push({ at, before, lostRows: before.rows - at.rows });
    before = at;
  }
  return drops.reverse();
}

/** `−32 %`, `+4.5 %`; no finer than it is of use. */
export function percentText(percent: number): string {
  const size = Math.abs(percent);
  const text = size >= 10 || size === 0 ? size.toFixed(0) : size.toFixed(1);
  const sign = percent < 0 ? '−' : percent > 0 ? '+' : '';
  return `${sign}${text} %`;
}
