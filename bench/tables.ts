import type { TestPostgres } from '#tests/support/postgres.ts';
import { startRestorer } from './restorer.ts';
import { figure, type BenchRow } from './table.ts';

/** One table of many out of a backup, replaced in the live database, beside the restore of the whole. */
export async function benchTables(
  server: TestPostgres,
  database: string,
  { label, tableCount }: { readonly label: string; readonly tableCount: number },
): Promise<BenchRow[]> {
  await server.sql('postgres', `create database bench_live template "${database}"`);
  await using restorer = await startRestorer(server, database);
  const one = await restorer.restore({
    mode: 'tables',
    targetDatabase: 'bench_live',
    tables: [`public.part_${String(Math.ceil(tableCount / 2))}`],
    tablesInto: 'replace',
  });
  await server.sql('postgres', 'drop database bench_live with (force)');
  const whole = await restorer.restore({ mode: 'new', targetDatabase: 'bench_whole' });
  await server.sql('postgres', 'drop database bench_whole with (force)');
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  return [
    figure(`restore of the whole, ${label} in ${String(tableCount)} tables`, seconds(whole.durationMs)),
    figure('one of its tables replaced in the live database, once', seconds(one.durationMs)),
    figure('one table ÷ the whole', (one.durationMs / whole.durationMs).toFixed(2)),
  ];
}
