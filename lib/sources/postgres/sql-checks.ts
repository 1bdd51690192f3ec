import postgres from 'postgres';
import type { SqlCheck } from '../../contracts/verification.ts';
import type { PostgresConfig } from '../../platform/config.ts';
import type { SourceContext } from '../source.ts';
import { failed, passed, unknown, type Judged } from '../judged.ts';
import { connect } from './connect.ts';

export const SQL_CHECK_TIMEOUT_MS = 60_000;

/** int2, int4, int8, float4, float8, numeric. */
const NUMBERS: ReadonlySet<number> = new Set([21, 23, 20, 700, 701, 1700]);

const HOLDS: Readonly<Record<SqlCheck['comparison'], (found: number, value: number) => boolean>> = {
  '=': (found, value) => found === value,
  '<>': (found, value) => found !== value,
  '<': (found, value) => found < value,
  '<=': (found, value) => found <= value,
  '>': (found, value) => found > value,
  '>=': (found, value) => found >= value,
};

/**
 * As a subquery it must be one query: no other statement, no change of role or settings, no COPY, and no change of data in a
 * WITH clause has a place there.
 */
const wrap = (text: string): string => `select * from (\n${text.replace(/[\s;]+$/, '')}\n) as answer limit 2`;

type Answer = { readonly value: number } | { readonly unknown: string };

function answerOf(rows: readonly (readonly unknown[])[], types: readonly number[]): Answer {
  if (rows.length !== 1)
    return { unknown: rows.length === 0 ? 'it gave no row' : 'it gave more than one row' };
  if (types.length !== 1) return { unknown: `it gave ${String(types.length)} columns, not one` };
  const [value] = rows[0] ?? [];
  if (value === null || value === undefined) return { unknown: 'it gave NULL' };
  const number = Number(value);
  if (!NUMBERS.has(types[0] ?? 0) || Number.isNaN(number)) return { unknown: 'it gave no number' };
  return { value: number };
}

async function ask(
  ctx: SourceContext,
  address: PostgresConfig,
  text: string,
  timeoutMs: number,
): Promise<Answer> {
  const sql = await connect(address);
  const limit = new AbortController();
  // The server's own limit may be lifted by a function of the database's, or not be reached by a server that hangs.
  const late = ctx.clock.sleep(timeoutMs + 2_000, AbortSignal.any([limit.signal, ctx.signal]));
  const silence = late.then((): Answer => ({ unknown: 'it did not answer in time' }));
  silence.catch(() => undefined);
  const run = async (): Promise<Answer> => {
    await sql.unsafe('begin transaction isolation level repeatable read read only');
    await sql.unsafe(`set local statement_timeout = ${String(timeoutMs)}`);
    // Without parameters the driver would take the protocol that knows several statements.
    const options = { prepare: false, simple: false };
    const result = await sql.unsafe(wrap(text), [], options).values();
    return answerOf(
      result,
      result.columns.map(({ type }) => type),
    );
  };
  try {
    return await Promise.race([run(), silence]);
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!(error instanceof postgres.PostgresError)) return { unknown: 'the connection was lost' };
    if (error.code === '57014') return { unknown: `it did not end within ${String(timeoutMs / 1000)} s` };
    return { unknown: `it failed: ${error.message}` };
  } finally {
    limit.abort();
    await sql.end({ timeout: 0 });
  }
}

/** Asks the copy one rule of the application's own, as the user of `address`, who must be able to do no harm. */
export async function runSqlCheck(
  ctx: SourceContext,
  address: PostgresConfig,
  check: SqlCheck,
  timeoutMs = SQL_CHECK_TIMEOUT_MS,
): Promise<Judged> {
  const name = `sql:${check.name}`;
  const want = `${check.comparison} ${String(check.value)}`;
  const isCritical = check.severity === 'critical';
  const answer = await ask(ctx, address, check.sql, timeoutMs);
  if ('unknown' in answer) return unknown(name, isCritical, answer.unknown, want);
  const have = String(answer.value);
  if (HOLDS[check.comparison](answer.value, check.value)) return passed(name, want, have);
  const reason = `the rule does not hold in the restored copy: ${have} is not ${want}`;
  // A warning is told and refutes nothing.
  return isCritical ? failed(name, want, have, reason) : unknown(name, false, reason, want, have);
}
