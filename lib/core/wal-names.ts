const hex8 = (value: bigint | number): string => value.toString(16).toUpperCase().padStart(8, '0');

/** `16/B374D848` as one number; null where it is no position. */
export function readLsn(text: string): bigint | null {
  const [, high, low] = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text) ?? [];
  return high === undefined || low === undefined ? null : (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** The number of the segment that holds this position; the first of all is 0. */
export const segmentAt = (lsn: bigint, segmentBytes: number): bigint => lsn / BigInt(segmentBytes);

/** `0000000100000016000000B3`: timeline, and where the segment stands. */
export function segmentName(timeline: number, segment: bigint, segmentBytes: number): string {
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes);
  return hex8(timeline) + hex8(segment / perFile) + hex8(segment % perFile);
}

export interface SegmentId {
  readonly timeline: number;
  readonly segment: bigint;
}

/** What a name of 24 digits stands for; null for whatever else lies beside segments. */
export function readSegmentName(name: string, segmentBytes: number): SegmentId | null {
  const [, timeline, high, low] = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name) ?? [];
  if (timeline === undefined || high === undefined || low === undefined) return null;
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes);
  return {
    timeline: Number.parseInt(timeline, 16),
    segment: BigInt(`0x${high}`) * perFile + BigInt(`0x${low}`),
  };
}

/** The timeline of `00000002.history`; null for every other name. */
export function readHistoryName(name: string): number | null {
  const [, timeline] = /^([0-9A-F]{8})\.history$/.exec(name) ?? [];
  return timeline === undefined ? null : Number.parseInt(timeline, 16);
}

/** A timeline as far as a later one stems from it. */
export interface Ancestor {
  readonly timeline: number;
  /** Where the next one leaves it. */
  readonly end: bigint;
}

/** The lines of a history file, the oldest first. */
export function readHistory(text: string): readonly Ancestor[] {
  return text.split('\n').flatMap((line) => {
    const [, timeline, at] = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line) ?? [];
    const end = at === undefined ? null : readLsn(at);
    return timeline === undefined || end === null ? [] : [{ timeline: Number(timeline), end }];
  });
}
