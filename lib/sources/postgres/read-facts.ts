import type postgres from 'postgres';
import { OBJECT_KINDS, type Facts, type SequenceFact, type UnknownReason } from '../../contracts/facts.ts';
import type { FactsPolicy } from '../source.ts';
import { readDatabase } from './database-facts.ts';
import { openFactSession, type FactsLimits, type FactSession } from './fact-session.ts';
import { newestFingerprint, takesFingerprint } from './fingerprint-version.ts';
import { readLargeObjects } from './large-object-facts.ts';
import { readObjects } from './object-facts.ts';
import { TABLES_SQL, tableOfRow, type TableRow } from './read-tables.ts';
import { readPositions, readSequences, sequenceFact, type CatalogSequence } from './sequence-facts.ts';
import { readTableFacts, unknownTable, type NumberedColumn, type TableReading } from './table-facts.ts';
import type { CatalogTable } from './table-selection.ts';

export interface FactsScope {
  /** The dumped tables, foreign ones too, as they stand in `snapshot`; null: every table that is there, as in a restored copy. */
  readonly tables: readonly CatalogTable[] | null;
  /** A backup of chosen tables: only what belongs to them, for it carries nothing else. */
  readonly isChosen: boolean;
  /** No rows, sequence positions or large objects: they become `schema-only`. */
  readonly isSchemaOnly: boolean;
  /** The exported snapshot to read in; null: one of its own, for a database that nobody changes. */
  readonly snapshot: string | null;
  /** Of the fingerprints, so that they can be held against others; null: what the server takes most cheaply. */
  readonly fingerprintVersion: number | null;
}

/** Facts on their way: they are being read while the dump runs. */
export interface FactsReading {
  /** How large the tables are together; null where that could not be read. */
  readonly sizeBytes: Promise<number | null>;
  /** Reads where the sequences stand now, and waits for the rest. */
  finish(): Promise<Facts>;
  /** Ends the transactions and waits until nothing is read any more. */
  stop(): Promise<void>;
}

const isPredefined = (role: string): boolean => role.startsWith('pg_');

/** Facts of which nothing could be read, for this reason. */
export function unknownFacts(tables: readonly CatalogTable[], unknown: UnknownReason): Facts {
  return {
    tableCount: tables.filter(({ kind }) => kind !== 'foreign').length,
    tables: tables.map((table) => unknownTable(table, unknown)),
    fingerprintVersion: 1,
    sequences: null,
    largeObjects: { count: null, fingerprint: null, unknown },
    objects: null,
    unknownObjects: Object.fromEntries(OBJECT_KINDS.map((kind) => [kind, unknown])),
    database: null,
    roles: null,
    files: null,
    keys: null,
    durationMs: null,
  };
}

/**
 * Resolves when it is known where the sequences stand before a dump; all else goes on being read. See `readFacts`.
 */
export async function beginFacts(
  connections: readonly postgres.Sql[],
  scope: FactsScope,
  policy: FactsPolicy,
  limits: FactsLimits,
): Promise<FactsReading> {
  const startedAt = limits.clock.now().getTime();
  const sessions = await Promise.all(connections.map((sql) => openFactSession(sql, scope.snapshot, limits)));
  const stop = async (): Promise<void> => {
    await Promise.all(sessions.map((session) => session.end()));
  };
  const [first] = sessions;
  if (first === undefined) throw new Error('facts are read over a connection');

  const version = await first.ask<{ number: string }>(
    'version',
    `select current_setting('server_version_num') as number`,
  );
  const major = Math.floor(Number(version.rows?.[0]?.number ?? 0) / 10_000);
  const fingerprintVersion = scope.fingerprintVersion ?? newestFingerprint(major);
  const catalog = await first.ask<TableRow>('tables', TABLES_SQL);
  const there = (catalog.rows ?? []).map(tableOfRow);
  const tables = scope.tables ?? there;
  const dumped = new Set(tables.map(({ oid }) => oid));
  const sequences = await chosenSequences(first, scope, dumped);
  const before = sequences === null || scope.isSchemaOnly ? null : await readPositions(first, sequences);

  const numbered = new Map<number, NumberedColumn[]>();
  for (const { column, increment } of sequences ?? []) {
    if (column?.isInteger !== true) continue;
    const table = Number(column.table);
    numbered.set(table, [
      ...(numbered.get(table) ?? []),
      { name: column.name, isDescending: increment.startsWith('-') },
    ]);
  }
  const size = Promise.withResolvers<number | null>();
  const readRest = async () => {
    const objects = await readObjects(first, {
      chosen: scope.isChosen ? [...dumped] : null,
      excluded: there.map(({ oid }) => oid).filter((oid) => !dumped.has(oid)),
      isSchemaOnly: scope.isSchemaOnly,
      major,
    });
    const { database, roles } = scope.isChosen ? { database: null, roles: [] } : await readDatabase(first);
    const readings = await readTableFacts(
      sessions,
      {
        tables,
        numbered,
        isSchemaOnly: scope.isSchemaOnly,
        fingerprintVersion: takesFingerprint(fingerprintVersion, major) ? fingerprintVersion : null,
        onSize: size.resolve,
      },
      policy,
      limits,
    );
    const largeObjects = scope.isChosen
      ? null
      : scope.isSchemaOnly
        ? { count: null, fingerprint: null, unknown: 'schema-only' as const }
        : await readLargeObjects(first, policy);
    const durationMs = limits.clock.now().getTime() - startedAt;
    return { objects, database, roles, readings, largeObjects, durationMs };
  };
  const rest = readRest();
  // Whoever abandons the dump does not call finish().
  rest
    .catch(() => undefined)
    .finally(() => {
      size.resolve(null);
    });

  return {
    sizeBytes: size.promise,
    finish: async () => {
      const { objects, database, roles, readings, largeObjects, durationMs } = await rest;
      const after = sequences === null || scope.isSchemaOnly ? null : await readPositions(first, sequences);
      limits.signal.throwIfAborted();
      const rolesNamed = new Set([...objects.roles, ...roles].filter((role) => !isPredefined(role)));
      return {
        tableCount: tables.filter(({ kind }) => kind !== 'foreign').length,
        tables: tables.map(
          ({ oid, ...table }) => readings.get(oid)?.fact ?? unknownTable({ oid, ...table }, 'query-failed'),
        ),
        fingerprintVersion,
        sequences:
          sequences?.map((sequence) =>
            sequenceFact(
              sequence,
              before === null ? 'schema-only' : (before.get(sequence.oid) ?? 'query-failed'),
              after === null ? 'schema-only' : (after.get(sequence.oid) ?? 'query-failed'),
              columnOf(sequence, dumped, readings),
            ),
          ) ?? null,
        largeObjects,
        objects: objects.objects,
        unknownObjects: objects.unknownObjects,
        database,
        roles: [...rolesNamed].sort(),
        files: null,
        keys: null,
        durationMs,
      };
    },
    stop: async () => {
      await stop();
      await rest.catch(() => undefined);
    },
  };
}

async function chosenSequences(
  session: FactSession,
  scope: FactsScope,
  dumped: ReadonlySet<number>,
): Promise<readonly CatalogSequence[] | null> {
  const all = await readSequences(session);
  return (
    all?.filter(({ column, isIdentity }) => {
      const isOwnerDumped = column !== null && dumped.has(Number(column.table));
      // A table's identity goes where the table goes; a serial's sequence stays when its table is excluded.
      return scope.isChosen || isIdentity ? isOwnerDumped : true;
    }) ?? null
  );
}

function columnOf(
  { column }: CatalogSequence,
  dumped: ReadonlySet<number>,
  readings: ReadonlyMap<number, TableReading>,
): SequenceFact['column'] {
  if (column === null || !dumped.has(Number(column.table))) return null;
  const extreme = readings.get(Number(column.table))?.extremes.get(column.name) ?? null;
  return {
    schema: column.schema,
    table: column.tableName,
    name: column.name,
    extreme: extreme === null ? null : String(extreme),
  };
}

/**
 * Reads what a dump of this database promises, and what a restored copy of it must show: the same code on both sides.
 * Every connection is one that `connect()` gave, not in a transaction; the tables are shared out among them. Afterwards it is idle,
 * or, where a limit was met, ended. Never throws for a fact that cannot be had, which becomes a named UNKNOWN; throws the
 * reason of `limits.signal`.
 */
export async function readFacts(
  connections: readonly postgres.Sql[],
  scope: FactsScope,
  policy: FactsPolicy,
  limits: FactsLimits,
): Promise<Facts> {
  const reading = await beginFacts(connections, scope, policy, limits);
  try {
    return await reading.finish();
  } finally {
    await reading.stop();
  }
}
