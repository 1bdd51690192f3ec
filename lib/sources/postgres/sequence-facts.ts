import type { SequenceFact, SequencePosition, UnknownReason } from '../../contracts/facts.ts';
import type { FactSession } from './fact-session.ts';
import { quoteTable } from './quote-name.ts';

export interface CatalogSequence {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly increment: string;
  readonly cycles: boolean;
  /** How many different values it has. */
  readonly size: string;
  readonly isIdentity: boolean;
  /** The column that owns it, and whether that holds integers. */
  readonly column: {
    readonly table: string;
    readonly schema: string;
    readonly tableName: string;
    readonly name: string;
    readonly isInteger: boolean;
  } | null;
}

const SEQUENCES_SQL = `
  select c.oid::text as oid, n.nspname as schema, c.relname as name, s.seqincrement::text as increment,
    s.seqcycle as cycles, (s.seqmax::numeric - s.seqmin::numeric + 1)::text as size,
    coalesce(d.deptype = 'i', false) as "isIdentity",
    case when d.objid is not null then json_build_object('table', t.oid::text, 'schema', tn.nspname,
      'tableName', t.relname, 'name', a.attname, 'isInteger', a.atttypid in (20, 21, 23)) end as "column"
  from pg_sequence s
  join pg_class c on c.oid = s.seqrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
    and d.deptype in ('a', 'i') and d.refobjsubid > 0
  left join pg_class t on t.oid = d.refobjid
  left join pg_namespace tn on tn.oid = t.relnamespace
  left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    and not exists (
      select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
  order by n.nspname collate "C", c.relname collate "C"`;

export async function readSequences(session: FactSession): Promise<readonly CatalogSequence[] | null> {
  return (await session.ask<CatalogSequence>('sequences', SEQUENCES_SQL)).rows;
}

/** So many are asked in one statement. */
const BATCH = 200;

export type Positions = ReadonlyMap<string, SequencePosition | UnknownReason>;

/** Where each stands now: sequences obey no snapshot. */
export async function readPositions(
  session: FactSession,
  sequences: readonly CatalogSequence[],
): Promise<Positions> {
  const found = new Map<string, SequencePosition | UnknownReason>();
  const read = async (batch: readonly CatalogSequence[]): Promise<void> => {
    const answer = await session.ask<{ oid: string; last: string; isCalled: boolean }>(
      'sequence positions',
      batch
        .map(
          (sequence) =>
            `select '${sequence.oid}' as oid, last_value::text as last, is_called as "isCalled" from ${quoteTable(sequence)}`,
        )
        .join(' union all '),
    );
    if (answer.unknown === null) {
      for (const { oid, last, isCalled } of answer.rows) found.set(oid, { last, isCalled });
      return;
    }
    if (batch.length > 1) for (const sequence of batch) await read([sequence]);
    else for (const { oid } of batch) found.set(oid, answer.unknown);
  };
  for (let at = 0; at < sequences.length; at += BATCH) await read(sequences.slice(at, at + BATCH));
  return found;
}

/** More values than anybody draws while a dump runs. */
const ENDLESS = 1_000_000_000n;

/** Whether what the dump holds is open: it went back, or may have gone round. */
function isOpen(sequence: CatalogSequence, before: SequencePosition, after: SequencePosition): boolean {
  const step = BigInt(after.last) - BigInt(before.last);
  if (step === 0n) return before.isCalled && !after.isCalled;
  const isBack = step < 0n !== BigInt(sequence.increment) < 0n;
  return isBack || (sequence.cycles && BigInt(sequence.size) < ENDLESS);
}

export function sequenceFact(
  sequence: CatalogSequence,
  before: SequencePosition | UnknownReason,
  after: SequencePosition | UnknownReason,
  column: SequenceFact['column'],
): SequenceFact {
  const { schema, name } = sequence;
  if (typeof before === 'string' || typeof after === 'string') {
    const unknown = typeof before === 'string' ? before : typeof after === 'string' ? after : null;
    return { schema, name, before: null, after: null, unknown, column };
  }
  return { schema, name, before, after, unknown: isOpen(sequence, before, after) ? 'moved' : null, column };
}
