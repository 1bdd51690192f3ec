import {
  OBJECT_KINDS,
  type DatabaseFact,
  type Facts,
  type ObjectFact,
  type ObjectKind,
  type SequenceFact,
  type SequencePosition,
  type TableFact,
  type UnknownReason,
} from '../../contracts/facts.ts';
import type { Check } from '../../contracts/verification.ts';

/** A check before anybody measured how long it took. */
export type Judged = Omit<Check, 'durationMs'>;

/** What the place of the copy cannot show, by kind of check, and why in words: `owners`, `database`. */
export type Incomparable = Readonly<Record<string, string>>;

const WORDS: Readonly<Record<UnknownReason, string>> = {
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
const HARMLESS: ReadonlySet<UnknownReason> = new Set([
  'not-recorded',
  'schema-only',
  'switched-off',
  'too-large',
  'foreign-table',
  'unlogged-on-standby',
  'moved',
]);

const SHOWN = 5;

/** `a, b, c, and 7 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length <= SHOWN ? shown : `${shown}, and ${String(names.length - SHOWN)} more`;
}

/** `1 row`, `12 rows`. */
export const countOf = (count: number, one: string, many = `${one}s`): string =>
  `${String(count)} ${count === 1 ? one : many}`;

export const passed = (name: string, expected: string | null, found: string | null): Judged => ({
  name,
  verdict: 'PASSED',
  isRequired: true,
  expected,
  found,
  reason: null,
});
export const failed = (
  name: string,
  expected: string | null,
  found: string | null,
  reason: string,
): Judged => ({
  name,
  verdict: 'FAILED',
  isRequired: true,
  expected,
  found,
  reason,
});
export const unknown = (
  name: string,
  isRequired: boolean,
  reason: string,
  expected: string | null = null,
  found: string | null = null,
): Judged => ({ name, verdict: 'UNKNOWN', isRequired, expected, found, reason });

const fullName = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`;

/** Neither side knows: the source's reason counts, for the copy was made of what it gave. */
function unknownFact(
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
const besides = (others: readonly string[]): string =>
  others.length === 0
    ? ''
    : `, of which ${String(others.length)} ${others.length === 1 ? 'is' : 'are'} not in the backup and ${others.length === 1 ? 'stays' : 'stay'}: ${listNames(others)}`;

function compareTables(expected: Facts, found: Facts, keepsOthers: boolean): Judged {
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

const positionText = ({ last, isCalled }: SequencePosition): string =>
  isCalled ? last : `${last}, not yet drawn`;

/** On one line: a number that was drawn lies just past the same number that was not. */
const place = ({ last, isCalled }: SequencePosition, direction: bigint): bigint =>
  direction * BigInt(last) * 2n + (isCalled ? 1n : 0n);

function compareSequence(expected: SequenceFact, found: SequenceFact): Judged {
  const name = `sequence:${fullName(expected)}`;
  const { before, after } = expected;
  if (before === null || after === null || expected.unknown !== null)
    return unknownFact(name, expected.unknown ?? 'not-recorded', null, null);
  const direction = BigInt(after.last) < BigInt(before.last) ? -1n : 1n;
  const isStill = before.last === after.last && before.isCalled === after.isCalled;
  const want = isStill ? positionText(after) : `${positionText(before)} to ${positionText(after)}`;
  const position = found.after ?? found.before;
  if (position === null) return unknownFact(name, null, found.unknown, want);
  const at = place(position, direction);
  const have = positionText(position);
  if (place(before, direction) <= at && at <= place(after, direction)) return passed(name, want, have);
  return failed(name, want, have, 'it would give out other numbers than at the source');
}

/** Whether the next number of this sequence was used already; null when it cannot be told. */
function isBehind({ column, after }: SequenceFact, isDescending: boolean): boolean | null {
  if (column === null || column.extreme === null || after === null) return null;
  const next = BigInt(after.last) * 2n + (after.isCalled ? (isDescending ? -1n : 1n) : 0n);
  const used = BigInt(column.extreme) * 2n;
  return isDescending ? next >= used : next <= used;
}

function compareSequencesAhead(
  expected: readonly SequenceFact[],
  found: readonly SequenceFact[],
  descending: ReadonlySet<string>,
): Judged {
  const want = 'no sequence behind its column';
  const source = new Map(expected.map((sequence) => [fullName(sequence), sequence]));
  const behind = found.filter((sequence) => isBehind(sequence, descending.has(fullName(sequence))) === true);
  const asAtSource = behind.filter((sequence) => {
    const there = source.get(fullName(sequence));
    return there !== undefined && isBehind(there, descending.has(fullName(sequence))) === true;
  });
  const fresh = behind.filter((sequence) => !asAtSource.includes(sequence));
  if (fresh.length > 0) {
    const names = fresh.map((sequence) => fullName(sequence));
    return failed(
      'sequences-ahead',
      want,
      `${countOf(names.length, 'sequence')} behind`,
      `would give out numbers that are taken: ${listNames(names)}`,
    );
  }
  const count = found.filter(({ column }) => column !== null).length;
  return passed(
    'sequences-ahead',
    want,
    asAtSource.length === 0
      ? `${countOf(count, 'sequence')} looked at`
      : `behind as at the source: ${listNames(asAtSource.map(fullName))}`,
  );
}

function compareNamed<Fact extends { readonly schema: string; readonly name: string }>(
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

function compareSequences(expected: Facts, found: Facts, descending: ReadonlySet<string>): Judged[] {
  if (expected.sequences === null) return [unknown('sequences-ahead', false, WORDS['not-recorded'])];
  if (found.sequences === null)
    return [unknown('sequences-ahead', true, `in the restored copy ${WORDS['query-failed']}`)];
  const have = new Set(found.sequences.map(fullName));
  const missing = expected.sequences.filter((sequence) => !have.has(fullName(sequence)));
  return [
    ...missing.map((sequence) =>
      failed(
        `sequence:${fullName(sequence)}`,
        'the sequence',
        'no such sequence',
        'it is not in the restored copy',
      ),
    ),
    ...compareNamed(expected.sequences, found.sequences, (a, b) => [compareSequence(a, b)]),
    expected.sequences.length > 0 &&
    expected.sequences.every(({ unknown: reason }) => reason === 'schema-only')
      ? unknown('sequences-ahead', false, WORDS['schema-only'])
      : compareSequencesAhead(expected.sequences, found.sequences, descending),
  ];
}

function compareLargeObjects(
  { largeObjects: expected }: Facts,
  { largeObjects: found }: Facts,
  keepsOthers: boolean,
): Judged[] {
  const name = 'large-objects';
  // A backup of chosen tables has none.
  if (expected === null) return [];
  if (expected.count === null) return [unknownFact(name, expected.unknown ?? 'not-recorded', null, null)];
  const want = countOf(expected.count, 'large object');
  if (found?.count == null) return [unknownFact(name, null, found?.unknown ?? null, want)];
  const have = countOf(found.count, 'large object');
  if (keepsOthers && found.count > expected.count)
    return [unknown(name, false, 'those that are not in the backup stay', want, have)];
  if (found.count !== expected.count) return [failed(name, want, have, 'the counts differ')];
  if (expected.fingerprint === null) {
    return expected.unknown === null
      ? [passed(name, want, have)]
      : [unknownFact(name, expected.unknown, null, want)];
  }
  if (found.fingerprint === null) return [unknownFact(name, null, found.unknown, want)];
  if (found.fingerprint !== expected.fingerprint)
    return [failed(name, want, have, 'there are as many as there were, and not the same content in them')];
  return [passed(name, want, have)];
}

const noted = ({ name, note }: ObjectFact): string => (note === undefined ? name : `${name} (${note})`);

function compareKind(kind: ObjectKind, expected: Facts, found: Facts, keepsOthers: boolean): Judged {
  const want = expected.objects?.[kind];
  const have = found.objects?.[kind];
  if (want === undefined) {
    const reason = expected.unknownObjects[kind] ?? 'not-recorded';
    // Some catalogs are for superusers only, whatever a backup user is granted.
    return unknownFact(kind, reason, null, null, (why) => HARMLESS.has(why) || why === 'permission');
  }
  const wantText = String(want.length);
  if (have === undefined) return unknownFact(kind, null, found.unknownObjects[kind] ?? null, wantText);
  const haveText = String(have.length);
  const there = new Map(have.map((object) => [object.name, object]));
  const wanted = new Map(want.map((object) => [object.name, object]));
  const missing = want.filter(({ name }) => !there.has(name));
  const extra = have.filter(({ name }) => !wanted.has(name));
  const different = want.flatMap((object) => {
    const other = there.get(object.name);
    if (other === undefined || (other.print === object.print && other.note === object.note)) return [];
    const notes =
      other.note === object.note ? '' : ` (${object.note ?? 'plain'}, found ${other.note ?? 'plain'})`;
    return [`${object.name}${notes}`];
  });
  const reasons = [
    ...(missing.length === 0 ? [] : [`missing: ${listNames(missing.map(noted))}`]),
    ...(extra.length === 0 || keepsOthers ? [] : [`not in the backup: ${listNames(extra.map(noted))}`]),
    ...(different.length === 0 ? [] : [`different: ${listNames(different)}`]),
  ];
  return reasons.length === 0
    ? passed(kind, wantText, `${haveText}${besides(extra.map(noted))}`)
    : failed(kind, wantText, haveText, reasons.join('; '));
}

const PROPERTIES: Readonly<Record<keyof DatabaseFact, string>> = {
  owner: 'owner',
  encoding: 'encoding',
  collate: 'collation',
  ctype: 'character type',
  localeProvider: 'locale provider',
  locale: 'locale',
  connectionLimit: 'connection limit',
  settings: 'settings',
  grants: 'grants',
  commentPrint: 'comment',
};

function compareDatabase({ database: expected }: Facts, { database: found }: Facts): Judged {
  if (expected === null) return unknown('database', false, WORDS['not-recorded']);
  if (found === null) return unknown('database', true, `in the restored copy ${WORDS['query-failed']}`);
  const properties = Object.keys(PROPERTIES) as (keyof DatabaseFact)[];
  const different = properties.filter((key) => JSON.stringify(expected[key]) !== JSON.stringify(found[key]));
  const text = (fact: DatabaseFact, keys: readonly (keyof DatabaseFact)[]): string =>
    keys.map((key) => `${PROPERTIES[key]} ${textOf(fact[key])}`).join(', ');
  if (different.length === 0) {
    const shown = ['encoding', 'collate', 'owner'] as const;
    return passed('database', text(expected, shown), text(found, shown));
  }
  return failed(
    'database',
    text(expected, different),
    text(found, different),
    `different: ${different.map((key) => PROPERTIES[key]).join(', ')}`,
  );
}

const textOf = (value: DatabaseFact[keyof DatabaseFact]): string =>
  value === null
    ? 'none'
    : Array.isArray(value)
      ? value.length === 0
        ? 'none'
        : listNames(value)
      : String(value);

/**
 * Holds what a restored copy shows against what it must show. One fault fires one check wherever the facts can tell it apart; what
 * the manifest does not know is UNKNOWN with the reason in words, and so is what this place cannot show. `descending`: the
 * sequences that count down, as `schema.name`. `keepsOthers`: what is there besides is named, and no fault.
 */
export function compareFacts(
  expected: Facts,
  found: Facts,
  {
    incomparable,
    descending,
    keepsOthers = false,
  }: {
    readonly incomparable: Incomparable;
    readonly descending: ReadonlySet<string>;
    readonly keepsOthers?: boolean;
  },
): Judged[] {
  const checks = [
    compareTables(expected, found, keepsOthers),
    ...compareNamed(expected.tables, found.tables, (a, b) => [compareRows(a, b), compareContent(a, b)]),
    ...compareSequences(expected, found, descending),
    ...compareLargeObjects(expected, found, keepsOthers),
    ...OBJECT_KINDS.map((kind) => compareKind(kind, expected, found, keepsOthers)),
    compareDatabase(expected, found),
  ];
  return checks.map((check) => {
    const reason = incomparable[check.name];
    return reason === undefined ? check : unknown(check.name, false, reason, check.expected);
  });
}
