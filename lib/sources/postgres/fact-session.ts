import postgres from 'postgres';
import type { UnknownReason } from '../../contracts/facts.ts';
import type { SourceContext } from '../source.ts';

export interface FactsLimits extends SourceContext {
  /** What is not read when this aborts becomes `time-limit`; null: no limit. */
  readonly timeUp: AbortSignal | null;
}

export type Answer<Row> =
  | { readonly rows: readonly Row[]; readonly unknown: null }
  | { readonly rows: null; readonly unknown: UnknownReason; readonly code: string };

/** One read-only transaction in which facts are read; a query that fails spoils none of the others. */
export interface FactSession {
  /**
   * The rows of the statement `text`, after the statement `first` where there is one. Locks they took are gone afterwards. Throws
   * only the reason of the signal.
   */
  ask<Row extends object>(what: string, text: string, first?: string): Promise<Answer<Row>>;
  end(): Promise<void>;
}

/** Whatever role, database or server prefer, values and definitions are printed in one way (docs/format.md). */
const SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  search_path: '',
  // A policy must refuse a count, never shorten it.
  row_security: 'off',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
  lock_timeout: '5s',
};

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const settle = (settings: Readonly<Record<string, string>>): string =>
  `select pg_catalog.set_config(v.name, v.value, true)
     from (values ${Object.entries(settings)
       .map(([name, value]) => `(${literal(name)}, ${literal(value)})`)
       .join(', ')}) v(name, value)
     where exists (select from pg_catalog.pg_settings s where lower(s.name) = lower(v.name))`;

/** Until the transaction ends, values are printed as fingerprints are taken. */
export const PRINTING_SQL = settle(SETTINGS);

const UNDO = 'rollback to savepoint fact; release savepoint fact';

/** Where a query meets one of these, more than that one is lost. */
const isConnectionLost = (error: unknown): boolean =>
  !(error instanceof postgres.PostgresError) || /^(57P0|08|25P)/.test(error.code);

/**
 * Imports `snapshot`, or takes one of its own. Aborting either signal ends the connection: a query that runs for an hour
 * must not hold up a cancelled run.
 */
export async function openFactSession(
  sql: postgres.Sql,
  snapshot: string | null,
  limits: FactsLimits,
): Promise<FactSession> {
  let isLost = false;
  const stop = (): void => {
    isLost = true;
    void sql.end({ timeout: 0 });
  };
  const isTimeUp = (): boolean => limits.timeUp?.aborted ?? false;
  const signals = [limits.signal, ...(limits.timeUp === null ? [] : [limits.timeUp])];
  for (const signal of signals) {
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  }

  const ask = async <Row extends object>(
    what: string,
    text: string,
    first?: string,
  ): Promise<Answer<Row>> => {
    limits.signal.throwIfAborted();
    if (isTimeUp()) return { rows: null, unknown: 'time-limit', code: '' };
    if (isLost) return { rows: null, unknown: 'query-failed', code: '' };
    // Sent together, for the server need not wait for us between them. The savepoint fails where the driver connected anew: what
    // is read then, outside the transaction, does not count, and is not waited for.
    const failures: unknown[] = [];
    const fail = (error: unknown): void => {
      if (failures.push(error) === 1 && isConnectionLost(error)) stop();
    };
    const statements = ['savepoint fact', ...(first === undefined ? [] : [first]), text, UNDO];
    const answers = await Promise.all(
      statements.map((statement) => sql.unsafe<Row[]>(statement).catch(fail)),
    );
    const read = answers.at(-2);
    if (failures.length === 0 && read !== undefined) return { rows: [...read], unknown: null };
    const isUndone = answers.at(-1) !== undefined;
    if (!isUndone) stop();
    limits.signal.throwIfAborted();
    if (isTimeUp()) return { rows: null, unknown: 'time-limit', code: '' };
    const [error] = failures;
    const code = error instanceof postgres.PostgresError ? error.code : '';
    if (code === '42501') return { rows: null, unknown: 'permission', code };
    limits.log.warn('a fact could not be read', { what, reason: code, error });
    return { rows: null, unknown: 'query-failed', code };
  };

  try {
    if (signals.every(({ aborted }) => !aborted)) {
      const opening = [
        'begin isolation level repeatable read read only',
        ...(snapshot === null ? [] : [`set transaction snapshot ${literal(snapshot)}`]),
        PRINTING_SQL,
      ];
      await Promise.all(opening.map((statement) => sql.unsafe(statement)));
      // Lets the server notice that this client has gone; some servers' platforms cannot.
      await sql.unsafe('savepoint fact');
      await sql
        .unsafe(settle({ client_connection_check_interval: '1s' }))
        .catch(() => sql.unsafe('rollback to savepoint fact'));
      await sql.unsafe('release savepoint fact');
    }
  } catch (error) {
    limits.signal.throwIfAborted();
    if (!isTimeUp()) limits.log.warn('facts cannot be read', { error });
    stop();
  }
  return {
    ask,
    end: async () => {
      for (const signal of signals) signal.removeEventListener('abort', stop);
      if (!isLost) await sql.unsafe('rollback').catch(stop);
    },
  };
}
