import type {
  Check,
  Depth,
  ScratchPlace,
  VerificationCause,
  VerificationStatus,
  Verdict,
  VerifyPhase,
} from '../contracts/verification.ts';
import type { UnknownReason } from '../contracts/facts.ts';
import { checkTitle } from './check-words.ts';

export const depthWord: Record<Depth, string> = { bytes: 'Bytes', archive: 'Archive', restore: 'Restore' };
/** What each depth shows; each includes the ones before. */
export const depthShows: Record<Depth, string> = {
  bytes: 'Reads the stored copy again and compares size and SHA-256. Shows that nothing was lost or altered.',
  archive:
    'Also decrypts and decompresses it to the end and reads its table of contents. Shows that it can be opened.',
  restore:
    'Also restores it into a database of its own and compares every table, row count and object with the manifest. Only this proves it.',
};

export const verificationStatusWord: Record<VerificationStatus, string> = {
  IN_PROGRESS: 'In progress',
  PASSED: 'Passed',
  FAILED: 'Failed',
  UNKNOWN: 'Unknown',
};
export const verdictWord: Record<Verdict, string> = {
  PASSED: 'Passed',
  FAILED: 'Failed',
  UNKNOWN: 'Unknown',
};

export const verifyPhaseWord: Record<VerifyPhase, string> = {
  queued: 'Waiting for a worker',
  preparing: 'Preparing',
  reading: 'Reading the stored copy',
  decoding: 'Decoding to the end',
  restoring: 'Restoring into a database of its own',
  comparing: 'Comparing with the manifest',
  finishing: 'Cleaning up',
};

export const causeWord: Record<VerificationCause, string> = {
  manual: 'by hand',
  'after-backup': 'after the backup',
  daily: 'by the daily round',
  weekly: 'by the weekly round',
  monthly: 'as the newest monthly',
  scrub: 'by the byte scrub',
  drill: 'as a drill',
};

export const placeWord: Record<ScratchPlace, string> = {
  ephemeral: 'a PostgreSQL server of its own',
  server: 'the verification server',
  source: 'the source’s server',
  folder: 'a folder of its own',
};

export const unknownReasonWord: Record<UnknownReason, string> = {
  'not-recorded': 'made by a version that did not record it',
  'schema-only': 'taken without rows',
  'switched-off': 'switched off in the policy',
  'too-large': 'larger than the policy’s ceiling',
  permission: 'the backup user may not read it',
  'no-snapshot': 'the server could not export a snapshot',
  'foreign-table': 'a foreign table: its rows live elsewhere',
  'unlogged-on-standby': 'unlogged: a standby does not hold its rows',
  'time-limit': 'reading it would have held up the backup',
  moved: 'it moved while it was dumped',
  unsupported: 'the server cannot compute it as the backup did',
  'query-failed': 'the query failed; the worker’s log says why',
};

const kindWord: Readonly<Record<string, string>> = {
  manifest: 'Manifest',
  object: 'Stored object',
  size: 'Stored size',
  sha256: 'SHA-256 as stored',
  decode: 'Decoding to the end',
  'plain-sha256': 'SHA-256 of the dump',
  contents: 'Table of contents',
  scratch: 'Database to restore into',
  version: 'PostgreSQL version',
  'disk-space': 'Disk space',
  restore: 'Restore',
  tables: 'List of tables',
  rows: 'Rows of a table',
  content: 'Content of a table',
  sequence: 'Sequence',
  'sequences-ahead': 'Sequences ahead of their columns',
  'large-objects': 'Large objects',
  database: 'Database properties',
  roles: 'Roles',
  'foreign-keys': 'Foreign keys',
  readable: 'Every table can be read',
  amcheck: 'Index structure (amcheck)',
  sql: 'SQL check of your own',
  'safety-backup': 'Safety backup',
  'one-transaction': 'One transaction',
  comparison: 'Comparison with the manifest',
  hook: 'Command of the server',
  brought: 'What came in',
  changed: 'Rows written since',
};

/** A check's kind, what stands before the first colon; and its subject, where there is one. */
export function checkParts(name: string): { readonly kind: string; readonly subject: string | null } {
  const at = name.indexOf(':');
  return at < 0 ? { kind: name, subject: null } : { kind: name.slice(0, at), subject: name.slice(at + 1) };
}
export const checkKindWord = (kind: string): string => kindWord[kind] ?? checkTitle(kind);

export interface CheckGroup {
  readonly key: string;
  readonly verdict: Verdict;
  /** Null for FAILED and UNKNOWN, which are read one by one. */
  readonly kind: string | null;
  readonly checks: readonly Check[];
}

/** FAILED first, then UNKNOWN with the required ones before the others, then PASSED by kind in the order they ran. */
export function groupChecks(checks: readonly Check[]): readonly CheckGroup[] {
  const failed = checks.filter(({ verdict }) => verdict === 'FAILED');
  const unknown = checks
    .filter(({ verdict }) => verdict === 'UNKNOWN')
    .toSorted((a, b) => Number(b.isRequired) - Number(a.isRequired));
  const passed = new Map<string, Check[]>();
  for (const check of checks) {
    if (check.verdict !== 'PASSED') continue;
    const { kind } = checkParts(check.name);
    passed.set(kind, [...(passed.get(kind) ?? []), check]);
  }
  return [
    ...(failed.length === 0
      ? []
      : [{ key: 'FAILED', verdict: 'FAILED' as const, kind: null, checks: failed }]),
    ...(unknown.length === 0
      ? []
      : [{ key: 'UNKNOWN', verdict: 'UNKNOWN' as const, kind: null, checks: unknown }]),
    ...[...passed].map(([kind, of]) => ({
      key: `PASSED ${kind}`,
      verdict: 'PASSED' as const,
      kind,
      checks: of,
    })),
  ];
}

/** Whether every word of `text` stands somewhere in the check. */
export function matchesCheck(check: Check, text: string): boolean {
  const hay = [
    check.name,
    checkKindWord(checkParts(check.name).kind),
    check.expected,
    check.found,
    check.reason,
  ]
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
