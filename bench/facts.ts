import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestPostgres } from '#tests/support/postgres.ts';
import { holdfast, sourceEnvironment } from './backup.ts';
import { atMost, figure, median, type BenchRow } from './table.ts';

/**
 * What counting every row and printing every table's content adds to a whole backup, taken in turns. The backup without
 * facts is one by a user who may not export a snapshot, so that there is nothing to read them in.
 */
export async function benchFacts(
  server: TestPostgres,
  database: string,
  rounds: number,
): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'));
  await server.sql(
    database,
    `revoke execute on function pg_export_snapshot() from public;
     create role without_facts login password 'postgres'; grant pg_read_all_data to without_facts`,
  );
  const times = { none: [] as number[], counts: [] as number[], prints: [] as number[] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const env = {
        ...sourceEnvironment(server, database),
        BACKUP_LOCAL_PATH: join(folder, `round-${String(round)}`),
      };
      times.none.push((await holdfast({ ...env, PGUSER: 'without_facts' })).durationMs);
      times.counts.push((await holdfast(env, ['counts'])).durationMs);
      times.prints.push((await holdfast(env)).durationMs);
      rmSync(env.BACKUP_LOCAL_PATH, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = (values: readonly number[]) => `${(median(values) / 1000).toFixed(2)} s`;
  const ratio = (of: readonly number[]) =>
    median(of.map((value, index) => value / (times.none[index] ?? NaN)));
  return [
    figure('whole backup without facts', seconds(times.none)),
    figure('the same with exact counts and objects', seconds(times.counts)),
    figure('the same with fingerprints too', seconds(times.prints)),
    atMost('backup with counts ÷ without facts', ratio(times.counts), 1.1, ''),
    atMost('backup with fingerprints ÷ without facts', ratio(times.prints), 1.6, ''),
  ];
}
