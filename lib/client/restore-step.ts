/** One step of a restore by hand, with stock tools alone. */
export interface RestoreStep {
  readonly title: string;
  readonly text: string;
  /** Lines for a POSIX shell; null where a person acts. */
  readonly command: string | null;
}
