/** How a server archives its write-ahead log, by itself. */
export interface LogArchiving {
  /** Of the cluster, decimal; as a base archive's. */
  readonly systemIdentifier: string;
  readonly major: number;
  /** Why it does not, in words; null where nothing is wrong. */
  readonly flaw: string | null;
  /** The name of the segment it archived last; null where it did not yet, or was told to forget. */
  readonly lastSegment: string | null;
  /** After so long it archives a segment that is not full; 0: never. */
  readonly timeoutSeconds: number;
}
