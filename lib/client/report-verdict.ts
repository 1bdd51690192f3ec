/** What a report of a restore or a drill says first. */
export interface ReportVerdict {
  readonly state: 'OK' | 'WARNING' | 'CRITICAL' | 'RUNNING';
  readonly word: string;
  readonly sentence: string;
  /** What it means and, always, what was not touched. */
  readonly lines: readonly string[];
}
