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
import type { SourceKind } from '../core/source-kind.ts';
import { checkTitle } from './check-words.ts';

export const depthWord: Record<Depth, string> = { bytes: 'Bytes', archive: 'Archive', restore: 'Restore' };
const provesIt: Record<SourceKind, string> = {
  postgres:
    'Also restores it into a database of its own and compares every table, row count and object with the manifest. Only this proves it.',
  files:
    'Also unpacks it into a folder of its own and compares every file, name and content with the manifest. Only this proves it.',
  sqlite:
    'Also restores it to a file of its own, looks for damage, and compares every table and row with the manifest. Only this proves it.',
  redis:
    'Also loads it into a server of its own and compares the keys of every database with the manifest. Only this proves it.',
};
/** What a depth shows; each includes the ones before. */
export function depthShows(depth: Depth, kind: SourceKind): string {
  switch (depth) {
    case 'bytes':
      return 'Reads the stored copy again and compares size and SHA-256. Shows that nothing was lost or altered.';
    case 'archive':
      return 'Also decrypts and decompresses it to the end and reads what it holds. Shows that it can be opened.';
    case 'restore':
      return provesIt[kind];
  }
}

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
  restoring: 'Restoring into a place of its own',
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
  ephemeral: 'a server of its own',
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
  scratch: 'Place to restore into',
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
  files: 'Files and folders',
  properties: 'Modes, owners and times',
  integrity: 'Structure of the database',
  keys: 'Keys',
};
/** Of the whole, where others of that name are each of one table. */
const wholeWord: Readonly<Record<string, string>> = {
  content: 'Names and contents',
  changed: 'Written to while they were read',
};

/** A check's kind, what stands before the first colon; and its subject, where there is one. */
export function checkParts(name: string): { readonly kind: string; readonly subject: string | null } {
  const at = name.indexOf(':');
  return at < 0 ? { kind: name, subject: null } : { kind: name.slice(0, at), subject: name.slice(at + 1) };
}
export const checkKindWord = (kind: string, subject: string | null): string =>
  (subject === null ? wholeWord[kind] : undefined) ?? kindWord[kind] ?? checkTitle(kind);

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
  const { kind, subject } = checkParts(check.name);
  const hay = [check.name, checkKindWord(kind, subject), check.expected, check.found, check.reason]
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
