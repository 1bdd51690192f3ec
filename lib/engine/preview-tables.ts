import type { TableFact } from '../contracts/facts.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePlan, RestorePreview } from '../contracts/restore.ts';
import { humanBytes } from '../core/bytes.ts';
import { rowCount } from '../core/row-count.ts';
import type { Config } from '../platform/config.ts';
import { chooseTables, unquoted, type ChosenTables } from '../restore/choose-tables.ts';
import { openTablesTarget } from '../sources/registry.ts';
import type { ServerLook, SourceContext, TableRef } from '../sources/source.ts';
import type { TableLook, TablesLook } from '../sources/tables-target.ts';
import { finding, listed, ok, type Finding } from './preview-finding.ts';

type Consequences = Pick<RestorePreview, 'creates' | 'replaces' | 'drops' | 'keeps'>;

export interface TablesPreview extends Consequences {
  readonly findings: readonly Finding[];
  readonly sizeBytes: number | null;
}

const labelOf = ({ schema, name }: TableRef): string => `${schema}.${name}`;
const rowsText = (count: number | null): string => (count === null ? 'rows nobody counted' : rowCount(count));

/** What bringing chosen tables back would do, and what is in its way. */
export async function previewTables(
  config: Config,
  plan: RestorePlan,
  manifest: Manifest,
  server: ServerLook,
  ctx: SourceContext,
): Promise<TablesPreview> {
  const chosen = chooseTables(manifest.facts, plan.tables ?? []);
  const live = server.exists
    ? await openTablesTarget(config).look(ctx, plan.targetDatabase, chosen.tables)
    : { maySilence: true, tables: [], columnPrints: new Map<string, string>() };
  const looks = new Map(live.tables.map((look) => [labelOf(look), look]));
  const isLive = plan.tablesInto !== 'side-schema';
  return {
    ...consequences(plan, chosen, looks),
    sizeBytes: sizeOf(plan, chosen, live),
    findings: [
      ...judgeChoice(manifest, chosen),
      ...(isLive && server.exists
        ? [
            ...judgeLive(plan, chosen, looks),
            ...judgeColumns(manifest, chosen, looks, live),
            ...judgeKeys(plan, chosen, live),
          ]
        : []),
    ],
  };
}

/** The copy and the staged rows; in the live tables the rows again, with their indexes, and what is kept of the old ones. */
function sizeOf(plan: RestorePlan, { members }: ChosenTables, { tables }: TablesLook): number | null {
  const sizes = members.map(({ kind, bytes }) => (kind === 'table' ? bytes : 0));
  if (sizes.some((bytes) => bytes === null)) return null;
  const rows = sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  if (plan.tablesInto === 'side-schema') return 2 * rows;
  const kept = plan.tablesInto === 'replace' ? tables.reduce((sum, { bytes }) => sum + bytes, 0) : 0;
  return 4 * rows + kept;
}

function judgeChoice({ facts, options }: Manifest, { tables, members, missing }: ChosenTables): Finding[] {
  const others = tables.filter(({ kind }) => kind === 'foreign').map(labelOf);
  const isUntold =
    facts.objects?.inheritance === undefined && tables.some(({ kind }) => kind === 'partitioned');
  return [
    missing.length > 0
      ? finding(
          'tables',
          'BLOCKED',
          `the backup holds no table ${listed(missing)}`,
          'Choose among the tables of this backup, with their schema where needed: "sales.items".',
        )
      : ok(
          'tables',
          tables
            .map((table) => `${labelOf(table)}: ${rowsText(table.rows)}, ${sizeText(table, members)}`)
            .join('; '),
        ),
    ...(options.schemaOnly
      ? [
          finding(
            'rows',
            'BLOCKED',
            'this backup holds no rows',
            'Choose a backup that was taken with its rows.',
          ),
        ]
      : []),
    ...(others.length > 0
      ? [
          finding(
            'foreign-tables',
            'BLOCKED',
            `the rows of ${listed(others)} live on another server, and no backup holds them`,
            'Leave them out.',
          ),
        ]
      : []),
    ...(isUntold
      ? [
          finding(
            'partitions',
            'BLOCKED',
            'this backup does not tell which partitions belong to the chosen tables',
            'Choose the partitions themselves, or restore into a new database.',
          ),
        ]
      : []),
  ];
}

function sizeText(table: TableFact, members: readonly TableFact[]): string {
  if (table.kind === 'partitioned') return `in ${String(members.length)} tables with its partitions`;
  return table.bytes === null ? 'of unknown size' : humanBytes(table.bytes);
}

type Looks = ReadonlyMap<string, TableLook>;

function judgeLive({ tablesInto }: RestorePlan, { tables }: ChosenTables, looks: Looks): Finding[] {
  const there = tables.flatMap((table) => looks.get(labelOf(table)) ?? []);
  const gone = tables.map(labelOf).filter((label) => !looks.has(label));
  const noTables = there.filter(({ kind }) => kind === 'foreign' || kind === 'other').map(labelOf);
  const hidden = there.filter(({ hidesRows }) => hidesRows).map(labelOf);
  const keyless = there.filter(({ key }) => key.length === 0).map(labelOf);
  const stale = [...new Set(there.flatMap(({ materializedViews }) => materializedViews))];
  const views = [...new Set(there.flatMap((look) => look.views))];
  const sequences = [...new Set(there.flatMap((look) => look.sequences))];
  const triggers = there.flatMap((look) => look.triggers.map((name) => `${labelOf(look)}.${name}`));
  return [
    ...(gone.length > 0
      ? [
          finding(
            'missing-tables',
            'WARNING',
            `not in the live database, and made again as the backup has them: ${listed(gone)}`,
            'What was built on them, such as views and foreign keys, is made again with them.',
          ),
        ]
      : []),
    ...(noTables.length > 0
      ? [
          finding(
            'kind',
            'BLOCKED',
            `no tables that hold rows in the live database: ${listed(noTables)}`,
            'Bring them into a side schema.',
          ),
        ]
      : []),
    ...(hidden.length > 0
      ? [
          finding(
            'row-security',
            'BLOCKED',
            `row security hides rows from the configured user: ${listed(hidden)}`,
            'Name a user in PGUSER whom it does not concern ("alter role … bypassrls").',
          ),
        ]
      : []),
    ...(tablesInto === 'append' && keyless.length > 0
      ? [
          finding(
            'row-key',
            'BLOCKED',
            `no key tells their rows apart, so nobody could say which are there already: ${listed(keyless)}`,
            'Replace them, or bring them into a side schema.',
          ),
        ]
      : []),
    finding(
      'locks',
      'WARNING',
      `nobody can write to ${listed(tables.map(labelOf))} while the rows come in; reading goes on, and sees the rows of before until the end`,
      'Somebody who holds a lock on them for a minute stops the restore.',
    ),
    ok(
      'triggers',
      triggers.length === 0 ? 'there are none' : `they do not fire for these rows: ${listed(triggers)}`,
    ),
    ok(
      'views',
      views.length === 0 ? 'none shows these tables' : `they show the restored rows: ${listed(views)}`,
    ),
    ok(
      'materialized-views',
      stale.length === 0 ? 'none shows these tables' : `refreshed at the end: ${listed(stale)}`,
    ),
    ok(
      'sequences',
      sequences.length === 0
        ? 'there are none'
        : `they go on after the highest number, and never back: ${listed(sequences)}`,
    ),
  ];
}

/** By name, and by a hash of their definition: which part of it differs only the restored copy shows. */
function judgeColumns(
  { facts }: Manifest,
  { tables }: ChosenTables,
  looks: Looks,
  live: TablesLook,
): Finding[] {
  const recorded = facts.objects?.columns;
  if (recorded === undefined) {
    return [
      finding(
        'columns',
        'UNKNOWN',
        'the backup does not tell its columns',
        'They are compared before anything is touched, and a difference stops the restore.',
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const table of tables) {
    const look = looks.get(labelOf(table));
    if (look === undefined) continue;
    const start = `${labelOf(table)}.`;
    const columns = recorded
      .map(({ name, print }) => ({ name, label: unquoted(name), print }))
      .filter(({ label }) => label.startsWith(start))
      .map((column) => ({ ...column, column: column.label.slice(start.length) }));
    const known = new Set(columns.map(({ column }) => column));
    const there = new Set(look.columns.map(({ name }) => name));
    const lost = [...known].filter((name) => !there.has(name));
    const more = look.columns.filter(({ name, isGenerated }) => !known.has(name) && !isGenerated);
    const needed = more.filter(({ isRequired }) => isRequired).map(({ name }) => name);
    const filled = more.filter(({ isRequired }) => !isRequired).map(({ name }) => name);
    const other = columns
      .filter(({ name, column, print }) => there.has(column) && live.columnPrints.get(name) !== print)
      .map(({ column }) => column);
    const beside = 'Bring it into a side schema, and copy over what you need.';
    if (lost.length > 0)
      findings.push(
        finding('columns', 'BLOCKED', `${labelOf(table)} has no column ${listed(lost)} any more`, beside),
      );
    if (needed.length > 0) {
      findings.push(
        finding(
          'columns',
          'BLOCKED',
          `${labelOf(table)} needs a value for ${listed(needed)}, which the backup does not have`,
          beside,
        ),
      );
    }
    if (filled.length > 0) {
      findings.push(
        finding(
          'columns',
          'WARNING',
          `${labelOf(table)} has columns that the backup does not have, and that get their default: ${listed(filled)}`,
          'What stands in them now is kept with the replaced rows.',
        ),
      );
    }
    if (other.length > 0) {
      findings.push(
        finding(
          'columns',
          'WARNING',
          `defined otherwise than in the backup (type, default or whether it may be empty): ${listed(other.map((name) => start + name))}`,
          'Where a type differs, the restore stops before it touches anything.',
        ),
      );
    }
  }
  return findings.length === 0 ? [ok('columns', 'they are as in the backup')] : findings;
}

function judgeKeys({ tablesInto }: RestorePlan, { tables }: ChosenTables, live: TablesLook): Finding[] {
  const own = [...new Set(live.tables.flatMap(({ keysOut }) => keysOut))];
  const theirs = [...new Set(live.tables.flatMap(({ keysIn }) => keysIn))];
  const others = theirs.filter((key) => !own.includes(key));
  const unowned = live.tables.filter(({ isOwned, triggers }) => !isOwned && triggers.length > 0).map(labelOf);
  const grant =
    'Allow it: "grant set on parameter session_replication_role to …" (PostgreSQL 15 or newer), or name a superuser in PGUSER.';
  if (tablesInto === 'replace' && !live.maySilence && theirs.length > 0) {
    return [
      finding(
        'foreign-keys',
        'BLOCKED',
        `these would act while the rows are exchanged, and the configured user may not silence them: ${listed(theirs)}`,
        grant,
      ),
    ];
  }
  if (!live.maySilence && unowned.length > 0) {
    return [
      finding(
        'triggers',
        'BLOCKED',
        `the configured user may not keep the triggers of ${listed(unowned)} from firing`,
        grant,
      ),
    ];
  }
  if (tablesInto === 'replace' && others.length > 0) {
    return [
      finding(
        'foreign-keys',
        'WARNING',
        `other tables point at ${tables.length === 1 ? 'this one' : 'these'}: ${listed(others)}`,
        'Where one of their rows would point at nothing, everything stays as it is; restore those tables with these then.',
      ),
    ];
  }
  return [ok('foreign-keys', own.length === 0 ? 'there are none' : `held before the end: ${listed(own)}`)];
}

function consequences(
  { tablesInto, targetDatabase: target }: RestorePlan,
  { tables }: ChosenTables,
  looks: Looks,
): Consequences {
  const nothing = { creates: [], replaces: [], drops: [], keeps: [] };
  const lineOf = (table: TableFact): string => `${labelOf(table)} (${rowsText(table.rows)})`;
  const gone = tables.filter((table) => !looks.has(labelOf(table)));
  const there = tables.filter((table) => looks.has(labelOf(table)));
  const about = (table: TableFact): string => {
    const { estimatedRows = 0 } = looks.get(labelOf(table)) ?? {};
    return estimatedRows === 0 ? 'the live ones' : `about ${rowCount(estimatedRows)} live now`;
  };
  const made = gone.map((table) => `${lineOf(table)}, which is not there now`);
  switch (tablesInto) {
    case 'replace':
      return {
        ...nothing,
        creates: made,
        replaces: there.map(
          (table) => `${labelOf(table)}: ${rowsText(table.rows)} in place of ${about(table)}`,
        ),
        keeps: [
          ...(there.length === 0
            ? []
            : ['the replaced rows, in the schema before_<time>, until you drop it']),
          'every other table',
        ],
      };
    case 'append':
      return {
        ...nothing,
        creates: [
          ...made,
          ...there.map((table) => `those rows of ${lineOf(table)} whose key is not there`),
          'the schema added_<time> with the keys of the rows that came in',
        ],
        keeps: ['every live row as it is'],
      };
    default:
      return {
        ...nothing,
        creates: [`the schema restored_<time> in ${target} with ${tables.map(lineOf).join(', ')}`],
        keeps: ['every live table as it is'],
      };
  }
}
