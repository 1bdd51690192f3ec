import { readFileSync } from 'node:fs';
import { Manifest } from '#lib/contracts/manifest.ts';
import { systemClock } from '#lib/core/clock.ts';
import { parseConfig } from '#lib/platform/config.ts';
import { createPostgresSource } from '#lib/sources/postgres/postgres-source.ts';
import { silentLog } from './loggers.ts';

/** A verifying process that opens a scratch database, says its name, and waits to be killed. */
const [, , id = '', folder = '', manifestFile = ''] = process.argv;
const scratch = await createPostgresSource(parseConfig(process.env)).openScratch(
  {
    signal: new AbortController().signal,
    log: silentLog,
    clock: systemClock,
    report: () => undefined,
    say: () => undefined,
  },
  { id, folder, manifest: Manifest.parse(JSON.parse(readFileSync(manifestFile, 'utf8'))) },
);
process.stdout.write(`${scratch?.database ?? 'none'}\n`);
setInterval(() => undefined, 60_000);
