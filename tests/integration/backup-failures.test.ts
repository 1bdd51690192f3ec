import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalogue } from '#db/client.ts';
import type { Secret } from '#lib/core/secret.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { runRecover } from '#lib/engine/recover.ts';
import { parseConfig } from '#lib/platform/config.ts';
import {
  backupWhere,
  filesUnder,
  isOver,
  queueBackup,
  seeBackup,
  type SeenBackup,
} from '#tests/support/backups.ts';
import { createCatalogue } from '#tests/support/catalogue.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { withSmallTmpfs } from '#tests/support/faults.ts';
import { describeWith } from '#tests/support/needs.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { startThrottle, type Throttle } from '#tests/support/throttle.ts';

/** The catalogue's server is not the source's: the source dies while the catalogue lives. */
let catalogueServer: TestPostgres;
let source: TestPostgres;
let throttle: Throttle;
let catalogue: Catalogue & { readonly url: Secret };
let engine: TestEngine;
let earlier: SeenBackup;
let earlierFiles: string[];

beforeAll(async () => {
  [catalogueServer, source] = await Promise.all([startPostgres(), startPostgres()]);
  throttle = await startThrottle(source.port);
  await source.createDatabase('ims_db');
  await source.sql(
    'ims_db',
    `create table blobs (id int primary key, body text not null);
     insert into blobs select i, (select string_agg(md5(random()::text || i || j), '') from generate_series(1, 64) j)
       from generate_series(1, 10000) i;
     create role stranger login password 'stranger'; grant connect on database ims_db to stranger`,
  );
  catalogue = await createCatalogue(catalogueServer);
  engine = await createEngine(catalogue, {
    PGHOST: '127.0.0.1',
    PGPORT: String(throttle.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'ims_db',
    PATH: process.env['PATH'] ?? '',
  });
  earlier = await take();
  expect(earlier).toMatchObject({ status: 'COMPLETED' });
  earlierFiles = stored();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await catalogue.close();
  await throttle[Symbol.asyncDispose]();
  await Promise.all([catalogueServer[Symbol.asyncDispose](), source[Symbol.asyncDispose]()]);
});
beforeEach(() => {
  throttle.limit(Infinity);
});
afterEach(() => {
  throttle.limit(Infinity);
});

const stored = () => filesUnder(engine.config.localPath);
const never = () => ({ run: new AbortController().signal, turn: new AbortController().signal });
const dumpPids = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
            .split('\0')[0]
            ?.endsWith('pg_dump') === true &&
          readFileSync(`/proc/${String(pid)}/environ`, 'utf8').includes(`PGPORT=${String(throttle.port)}`)
        );
      } catch {
        return false;
      }
    });

/** One backup as the worker takes it; `strike` is called once its bytes flow. */
async function take(
  more: Record<string, string> = {},
  strike?: () => void | Promise<void>,
): Promise<SeenBackup> {
  const config = parseConfig({ ...engine.environment, ...more });
  const id = await queueBackup(engine, { isJobLost: true });
  const running = runBackup({ ...engine, config }, id, never());
  if (strike !== undefined) {
    await backupWhere(
      catalogue.raw,
      id,
      ({ phase, progressBytes }) => phase === 'dumping' && progressBytes > 0,
    );
    await strike();
  }
  await running;
  return seeBackup(catalogue.raw, id);
}

/** A clear code and hint; nothing half-made, listed or left; the earlier backup is as it was. */
function judge(failed: SeenBackup, code: string): void {
  expect(failed).toMatchObject({ status: 'FAILED', errorCode: code, checksum: null });
  expect(failed.errorMessage).toMatch(/^[^A-Z].*[^.]$/);
  expect(failed.errorHint).toMatch(/\.$/);
  expect(failed.copies.filter(({ status }) => status !== 'REMOVED')).toEqual([]);
  expect(stored()).toEqual(earlierFiles);
  expect(filesUnder(join(engine.config.dataDir, 'runs'))).toEqual([]);
  expect(dumpPids()).toEqual([]);
}
afterEach(async () => {
  expect(await seeBackup(catalogue.raw, earlier.id)).toEqual(earlier);
  const bytes = readFileSync(join(engine.config.localPath, earlier.filename));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(earlier.checksum);
});

describe('through the engine and the catalogue', () => {
  test.each([
    ['a wrong password', { PGPASSWORD: 'canary-not-it' }, 'source_auth'],
    ['a user who may not read the tables', { PGUSER: 'stranger', PGPASSWORD: 'stranger' }, 'source_auth'],
    ['a database that is not there', { PGDATABASE: 'nowhere' }, 'config'],
    ['a server that is not there', { PGPORT: '1' }, 'source_unreachable'],
  ])('%s', async (_name, more, code) => {
    const failed = await take(more);
    judge(failed, code);
    expect(JSON.stringify(failed)).not.toContain('canary');
  });

  test('pg_dump killed', async () => {
    throttle.limit(2_000_000);
    const failed = await take({}, () => {
      for (const pid of dumpPids()) process.kill(pid, 'SIGKILL');
    });
    judge(failed, 'tool_failed');
    expect(failed.errorMessage).toContain('SIGKILL');
  });

  test('zstd killed', async () => {
    throttle.limit(2_000_000);
    const failed = await take({}, () => {
      const own = readdirSync('/proc')
        .map(Number)
        .filter((pid) => {
          try {
            const [program] = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
            const parent = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
              .split(') ')[1]
              ?.split(' ')[1];
            return program?.endsWith('/zstd') === true && parent === String(process.pid);
          } catch {
            return false;
          }
        });
      expect(own).toHaveLength(1);
      for (const pid of own) process.kill(pid, 'SIGKILL');
    });
    judge(failed, 'tool_failed');
  });

  test('the server goes away in mid-dump, and comes back for the next backup', async () => {
    throttle.limit(2_000_000);
    const failed = await take({}, () => source.stop('SIGQUIT'));
    judge(failed, 'source_unreachable');
    await source.start();
    throttle.limit(Infinity);
    const next = await take();
    expect(next).toMatchObject({ status: 'COMPLETED' });
    earlierFiles = stored();
  });

  test('a name that a program beside the catalogue took meanwhile: its archive stays, although it has no manifest yet', async () => {
    throttle.limit(2_000_000);
    let taken = '';
    const failed = await take({}, async () => {
      const names = stored().filter((name) => name.includes('.partial-'));
      expect(names).toHaveLength(1);
      taken = (names[0] ?? '').replace(/\.partial-.*/, '');
      await writeFile(join(engine.config.localPath, taken), 'of another', { mode: 0o600 });
      throttle.limit(Infinity);
    });
    await runRecover(engine, { ownActive: () => [], isThorough: true });
    expect(readFileSync(join(engine.config.localPath, taken), 'utf8')).toBe('of another');
    await rm(join(engine.config.localPath, taken));
    judge(failed, 'object_exists');
  });

  test('what could not be removed at once is removed by recovery, and nothing else', async () => {
    const id = await queueBackup(engine, { isJobLost: true });
    await catalogue.raw`update backups set status = 'FAILED', error_code = 'interrupted' where id = ${id}`;
    await catalogue.raw`insert into backup_copies (backup_id, destination, key, status) values (${id}, 'local', 'never-was.dump', 'FAILED')`;
    await runRecover(engine, { ownActive: () => [], isThorough: true });
    const swept = await seeBackup(catalogue.raw, id);
    expect(swept.copies).toMatchObject([{ status: 'REMOVED' }]);
    expect(isOver(swept)).toBe(true);
    expect(stored()).toEqual(earlierFiles);
  });
});

describeWith('a full disk')('a full disk', () => {
  test('is storage_full with a hint, and leaves room as before', async () => {
    await withSmallTmpfs(8, async (path) => {
      const failed = await take({ BACKUP_LOCAL_PATH: path });
      judge(failed, 'storage_full');
      expect(filesUnder(path)).toEqual([]);
    });
  });
});
