import type { Facts, TableFact, UnknownReason } from '../contracts/facts.ts';
import { countOf, failed, listNames, passed, unknown, type Judged } from './judged.ts';

/** Why a fact is not known, for people. */
export const WORDS: Readonly<Record<UnknownReason, string>> = {
  'not-recorded': 'it was not recorded when the backup was made',
  'schema-only': 'the backup holds no rows',
  'switched-off': 'the policy says not to take it',
  'too-large': 'the table is larger than the policy allows for it',
  permission: 'the backup user may not read it',
  'no-snapshot': 'the server could not export a snapshot',
  'foreign-table': 'its rows live on another server',
  'unlogged-on-standby': 'a standby has no rows of an unlogged table',
  'time-limit': 'reading it would have held up the backup for too long',
  moved: 'it moved while it was dumped',
  unsupported: 'the server cannot compute it as the backup did',
  'query-failed': 'the query failed',
};

/** What nobody could have recorded, or was told not to, keeps no backup from being proven. */
export const HARMLESS: ReadonlySet<UnknownReason> = new Set([
  'not-recorded',
  'schema-only',
  'switched-off',
  'too-large',
  'foreign-table',
  'unlogged-on-standby',
  'moved',
]);

export const fullName = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`;

/** Neither side knows: the source's reason counts, for the copy was made of what it gave. */
export function unknownFact(
  name: string,
  expected: UnknownReason | null,
  found: UnknownReason | null,
  value: string | null,
  isHarmless: (reason: UnknownReason) => boolean = (reason) => HARMLESS.has(reason),
): Judged {
  if (expected !== null) return unknown(name, !isHarmless(expected), WORDS[expected]);
  const reason = found ?? 'query-failed';
  return unknown(
    name,
    true,
    `in the restored copy ${WORDS[reason].replace('the backup user', 'this user')}`,
    value,
  );
}

/** `, of which 2 are not in the backup and stay: public.a, public.b`. */
export const besides = (others: readonly string[]): string =>
  others.length === 0
    ? ''
    : `, of which ${String(others.length)} ${others.length === 1 ? 'is' : 'are'} not in the backup and ${others.length === 1 ? 'stays' : 'stay'}: ${listNames(others)}`;

/** The one check of which tables there are. `keepsOthers`: what is there besides is named, and no fault. */
export function compareTables(
  expected: Pick<Facts, 'tables'>,
  found: Pick<Facts, 'tables'>,
  keepsOthers: boolean,
): Judged {
  const want = expected.tables.map(fullName);
  const have = found.tables.map(fullName);
  const missing = want.filter((name) => !new Set(have).has(name));
  const extra = have.filter((name) => !new Set(want).has(name));
  const said = [countOf(want.length, 'table'), countOf(have.length, 'table')] as const;
  if (missing.length === 0 && (extra.length === 0 || keepsOthers))
    return passed('tables', said[0], `${said[1]}${besides(extra)}`);
  const reasons = [
    ...(missing.length === 0 ? [] : [`missing: ${listNames(missing)}`]),
    ...(extra.length === 0 ? [] : [`not in the backup: ${listNames(extra)}`]),
  ];
  return failed('tables', ...said, reasons.join('; '));
}

function compareRows(expected: TableFact, found: TableFact): Judged {
  const name = `rows:${fullName(expected)}`;
  if (expected.rows === null) {
    // A proof stands on the rows: whatever an older manifest says of tables alone, it proves nothing.
    const isHarmless = (reason: UnknownReason): boolean => HARMLESS.has(reason) && reason !== 'not-recorded';
    return unknownFact(name, expected.unknown ?? 'not-recorded', null, null, isHarmless);
  }
  const want = countOf(expected.rows, 'row');
  if (found.rows === null) return unknownFact(name, null, found.unknown, want);
  const have = countOf(found.rows, 'row');
  if (found.rows === expected.rows) return passed(name, want, have);
  const difference = Math.abs(found.rows - expected.rows);
  return failed(
    name,
    want,
    have,
    `${countOf(difference, 'row')} ${found.rows < expected.rows ? 'missing' : 'too many'}`,
  );
}

function compareContent(expected: TableFact, found: TableFact): Judged | null {
  const name = `content:${fullName(expected)}`;
  if (expected.fingerprint === null) {
    // Rows nobody could count were not read either; the check of the rows says whether that matters.
    return unknownFact(
      name,
      expected.unknown ?? 'not-recorded',
      null,
      null,
      (reason) => HARMLESS.has(reason) || reason === 'time-limit' || expected.rows === null,
    );
  }
  if (found.fingerprint === null) return unknownFact(name, null, found.unknown, expected.fingerprint);
  if (found.fingerprint === expected.fingerprint)
    return passed(name, expected.fingerprint, found.fingerprint);
  // A missing row has changed the content too, and is one fault.
  if (found.rows !== expected.rows) return null;
  return failed(
    name,
    expected.fingerprint,
    found.fingerprint,
    'there are as many rows as there were, and not the same values in them',
  );
}

/** Compares what is on both sides, matched by schema and name; a comparison that has nothing to say answers null. */
export function compareNamed<Fact extends { readonly schema: string; readonly name: string }>(
  expected: readonly Fact[],
  found: readonly Fact[],
  compare: (expected: Fact, found: Fact) => readonly (Judged | null)[],
): Judged[] {
  const there = new Map(found.map((fact) => [JSON.stringify([fact.schema, fact.name]), fact]));
  return expected
    .flatMap((fact) => {
      const match = there.get(JSON.stringify([fact.schema, fact.name]));
      return match === undefined ? [] : compare(fact, match);
    })
    .filter((check) => check !== null);
}

/** Rows and content of every table that is on both sides. */
export const compareEachTable = (expected: Pick<Facts, 'tables'>, found: Pick<Facts, 'tables'>): Judged[] =>
  compareNamed(expected.tables, found.tables, (a, b) => [compareRows(a, b), compareContent(a, b)]);
