import { readLsn, readSegmentName, segmentAt, segmentName, type Ancestor } from '../core/wal-names.ts';
import type { BaseManifest } from '../contracts/base-manifest.ts';
import { AppError } from '../core/errors.ts';
import type { WalFolder } from './wal-folder.ts';

/** The log that leads on from a base archive, along one timeline and those it stems from. */
export interface WalPath {
  readonly timeline: number;
  /** From the end of the base archive, which itself holds the log up to there, without a gap. */
  readonly segments: readonly string[];
  /** The first one that is not there although later ones are; null where there is no gap. */
  readonly missing: string | null;
  /** Of the segments that the base archive holds too, those that are archived: the server prefers them. */
  readonly inBase: readonly string[];
  /** Where `segments` ends. */
  readonly reach: bigint;
}

/** The same way, but only so many segments far. */
export const cutWalPath = (path: WalPath, count: number, segmentBytes: number): WalPath => ({
  ...path,
  segments: path.segments.slice(0, count),
  missing: null,
  reach: path.reach - BigInt(path.segments.length - count) * BigInt(segmentBytes),
});

const lsnOf = (text: string): bigint => {
  const lsn = readLsn(text);
  if (lsn === null) throw new AppError('integrity', `${text} is no position in a log`);
  return lsn;
};

/** Whether a timeline goes on from the end of this base archive. */
function stemsFrom(base: BaseManifest['wal'], timeline: number, history: readonly Ancestor[]): boolean {
  if (timeline === base.timeline) return true;
  return history.some((one) => one.timeline === base.timeline && one.end >= lsnOf(base.end));
}

/**
 * Finds the way. `timeline` null takes the newest one that goes on from the base archive, as PostgreSQL would. Throws `invalid` for one
 * that does not.
 */
export function findWalPath(wal: WalFolder, base: BaseManifest['wal'], timeline: number | null): WalPath {
  const historyOf = (one: number): readonly Ancestor[] => wal.histories.get(one) ?? [];
  const candidates = [base.timeline, ...wal.histories.keys()].filter((one) =>
    stemsFrom(base, one, historyOf(one)),
  );
  const chosen = timeline ?? Math.max(...candidates);
  if (!candidates.includes(chosen)) {
    throw new AppError('invalid', `timeline ${String(chosen)} does not go on from this base archive`, {
      hint: `Those that do: ${candidates.map(String).join(', ')}. A base archive of another time may lead there.`,
    });
  }
  const size = wal.segmentBytes;
  // From the oldest on: where each begins, and which it is.
  const begins: { timeline: number; begin: bigint }[] = [];
  let begin = 0n;
  for (const { timeline: one, end } of historyOf(chosen)) {
    begins.push({ timeline: one, begin });
    begin = segmentAt(end, size);
  }
  begins.push({ timeline: chosen, begin });
  /** The newest timeline that has begun by then: its copy of the segment holds what the older one wrote into it. */
  const nameAt = (segment: bigint): string => {
    const owner = begins.findLast((one) => one.begin <= segment)?.timeline ?? base.timeline;
    return segmentName(owner, segment, size);
  };

  const endSegment = segmentAt(lsnOf(base.end) - 1n, size);
  const isOnItsTimeline = nameAt(endSegment) === segmentName(base.timeline, endSegment, size);
  const first = isOnItsTimeline ? endSegment + 1n : endSegment;
  let last = first - 1n;
  for (const name of wal.segments) {
    const found = readSegmentName(name, size);
    if (found !== null && found.segment > last && nameAt(found.segment) === name) last = found.segment;
  }
  const segments: string[] = [];
  let missing: string | null = null;
  for (let segment = first; segment <= last && missing === null; segment += 1n) {
    const name = nameAt(segment);
    if (wal.segments.has(name)) segments.push(name);
    else missing = name;
  }
  const inBase: string[] = [];
  for (let segment = segmentAt(lsnOf(base.start), size); segment < first; segment += 1n) {
    const name = nameAt(segment);
    if (wal.segments.has(name)) inBase.push(name);
  }
  return {
    timeline: chosen,
    segments,
    missing,
    inBase,
    reach: (first + BigInt(segments.length)) * BigInt(size),
  };
}

/** The oldest segment that a recovery from this base archive needs. */
export function firstSegmentOf({ timeline, start, segmentBytes }: BaseManifest['wal']): string {
  return segmentName(timeline, segmentAt(lsnOf(start), segmentBytes), segmentBytes);
}
