/**
 * `npm run bench [-- [--quick] [part…]]`: measures, prints one table, and writes bench/RESULTS.md. With names of parts it measures
 * these alone, and only prints.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { benchBackup } from './backup.ts';
import { createBenchDatabase, createManyTables, multiplyDatabase } from './database.ts';
import { benchFacts } from './facts.ts';
import { benchHistory } from './history.ts';
import { benchMemory } from './memory.ts';
import { benchRestore } from './restore.ts';
import { renderTable, type BenchRow } from './table.ts';
import { benchTables } from './tables.ts';
import { awsVersion, benchUpload } from './upload.ts';
import { benchVerify } from './verify.ts';

const PARTS = [
  'backup',
  'facts',
  'verify',
  'memory',
  'upload',
  'restore',
  'tables',
  'large',
  'history',
] as const;
type Part = (typeof PARTS)[number];

/** Verifications that only read an archive: over in a second, so that it takes more of them until a ratio holds still. */
const READING = ['bytes', 'archive'] as const;

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !PARTS.some((part) => part === name));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
const isWanted = (part: Part): boolean => positionals.length === 0 || positionals.includes(part);
const size = values.quick
  ? { mib: 32, rounds: 1, backupRounds: 1, readRounds: 1, times: 3, isHistoryMeasured: false }
  : { mib: 640, rounds: 3, backupRounds: 7, readRounds: 9, times: 10, isHistoryMeasured: true };
const resultsFile = new URL('RESULTS.md', import.meta.url);

const say = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`);
};
const firstLine = (program: string): string =>
  execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0]?.trim() ?? '';
const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;

const startedAt = new Date();
const loads = [loadavg()[0] ?? 0];

/** Everything on one server of its own that is gone afterwards; the databases are made only when they are needed. */
async function measure(server: TestPostgres): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const add = (more: readonly BenchRow[]): void => {
    rows.push(...more);
    loads.push(loadavg()[0] ?? 0);
    process.stderr.write(`${renderTable(more)}\n`);
  };
  say(`making a database of about ${String(size.mib)} MiB`);
  const label = gb(await createBenchDatabase(server, 'bench', size.mib));
  const { rounds } = size;
  if (isWanted('backup')) {
    say(`backup of ${label}, ${String(size.backupRounds)} rounds`);
    add(await benchBackup(server, 'bench', size.backupRounds));
  }
  if (isWanted('facts')) {
    say('facts');
    add(await benchFacts(server, 'bench', rounds));
  }
  if (isWanted('verify')) {
    say('verification');
    add(await benchVerify(server, 'bench', { label, depths: READING, rounds: size.readRounds }));
    add(await benchVerify(server, 'bench', { label, depths: ['restore'], rounds }));
  }
  if (isWanted('memory')) {
    say('memory');
    for (const destination of ['local', 's3'] as const) {
      add(await benchMemory(server, 'bench', { label, destination, rounds }));
    }
  }
  if (isWanted('upload')) {
    say('upload');
    add(await benchUpload(server, 'bench', rounds));
  }
  if (isWanted('restore')) {
    say('restore');
    add(await benchRestore(server, 'bench', { label, rounds }));
  }
  if (isWanted('tables')) {
    say('one table of 500');
    const tableCount = 500;
    const manyLabel = gb(await createManyTables(server, 'many', size.mib * 3, tableCount));
    add(await benchTables(server, 'many', { label: manyLabel, tableCount }));
  }
  if (isWanted('large')) {
    say('making the large database');
    const largeLabel = gb(await multiplyDatabase(server, 'bench', 'large', size.times));
    say(`verification of ${largeLabel}`);
    add(await benchVerify(server, 'large', { label: largeLabel, depths: READING, rounds }));
    add(await benchVerify(server, 'large', { label: largeLabel, depths: ['restore'], rounds: 1 }));
    say(`memory with ${largeLabel}`);
    for (const destination of ['local', 's3'] as const) {
      add(await benchMemory(server, 'large', { label: largeLabel, destination, rounds: 1 }));
    }
  }
  return rows;
}

const rows: BenchRow[] = [];
if (PARTS.some((part) => part !== 'history' && isWanted(part))) {
  await using server = await startPostgres();
  rows.push(...(await measure(server)));
}
let plans = '';
if (isWanted('history') && (size.isHistoryMeasured || positionals.length > 0)) {
  say('history at 1,000,000 rows');
  const history = await benchHistory();
  rows.push(...history.rows);
  plans = `\n## How the history is answered\n\n\`\`\`\n${history.plans}\n\`\`\`\n`;
}

const missed = rows.filter(({ verdict }) => verdict === 'missed');
/** The hand-written part of the last results stays: what was missed, and why. */
function keptWords(): string {
  try {
    return /\n## What falls short\n[^]*$/.exec(readFileSync(resultsFile, 'utf8'))?.[0] ?? '';
  } catch {
    return '';
  }
}
const load = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
const report = `# Measured

Written by \`npm run bench\`. Ratios are of things measured in turns within this one run; medians of ${String(size.rounds)} rounds, of whole backups ${String(size.backupRounds)}, of archives that are read ${String(size.readRounds)}, of the large ones fewer.

- ${startedAt.toISOString().slice(0, 10)}, ${String(cpus().length)} cores (${cpus()[0]?.model ?? 'unknown'}), ${gb(totalmem())} memory, load average ${load} (more than the cores means that others were at work too)
- Node ${process.version}, ${firstLine('pg_dump')}, ${firstLine('zstd').replaceAll('*', '').trim()}, ${firstLine('gzip')}, age ${firstLine('age')}, ${awsVersion() ?? 'no aws client'}

${renderTable(rows)}

Missed: ${missed.length === 0 ? 'nothing.' : missed.map(({ what, measured, target }) => `${what}: ${measured} (${target})`).join('; ')}
${plans}`;
process.stdout.write(`${renderTable(rows)}\n`);
// A small database says nothing about a large one, and a part nothing about the rest: neither must replace true results.
if (!values.quick && positionals.length === 0) {
  const words = keptWords() || '\n## What falls short\n\nNothing has been written here yet.\n';
  writeFileSync(resultsFile, `${report.trimEnd()}\n${words}`);
}
