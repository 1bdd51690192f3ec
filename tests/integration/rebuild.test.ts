import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GET as look } from '#app/api/v1/admin/backup/rebuild/[id]/route.ts';
import { POST as ask } from '#app/api/v1/admin/backup/rebuild/route.ts';
import { readVerificationState } from '#db/queries/verification-plan.ts';
import { manifestNameOf, manifestText, type Manifest } from '#lib/contracts/manifest.ts';
import { Rebuild, RebuildAccepted, type RebuildResult } from '#lib/contracts/rebuild.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import type { EngineDeps } from '#lib/engine/deps.ts';
import { runRebuild, type RebuildEvent } from '#lib/engine/rebuild.ts';
import { runRetain } from '#lib/engine/retain.ts';
import { sealManifest } from '#lib/pipeline/manifest-checksum.ts';
import { CLI, problemOf, startApi, type TestApi } from '#tests/support/api.ts';
import { describeArchive, plant } from '#tests/support/planted-archives.ts';
import { ROOT } from '#tests/support/temporary-tree.ts';
import { eventually, startWorkerProcess, type WorkerProcess } from '#tests/support/worker.ts';

const SHOP = '00000000-0000-4000-8000-00000000000a';
const TWIN = '00000000-0000-4000-8000-00000000000b';
let api: TestApi;
let deps: EngineDeps;
const workers: WorkerProcess[] = [];
/** The audit log only grows: what a test added stands behind this. */
let since = 0;

beforeAll(async () => {
  api = await startApi({ BACKUP_ENABLED: 'false' });
  const { config, db, log, clock } = api.backend;
  const queue = await api.backend.queue();
  deps = { config, db, log, clock, queue, sourceId: ENVIRONMENT_SOURCE_ID, workerId: randomUUID() };
  await api.catalogue.raw`
    insert into sources (id, name, host, port, "user", database, file_prefix)
    values (${SHOP}, 'shop', '127.0.0.1', 5432, 'reader', 'shop', 'shop_backup')`;
});
afterAll(() => api.close());
beforeEach(async () => {
  rmSync(api.folder, { recursive: true, force: true });
  mkdirSync(api.folder);
  await api.catalogue.raw`truncate backups, rebuilds cascade`;
  const [last] = await api.catalogue.raw`select coalesce(max(id), 0)::int as id from audit_entries`;
  since = last?.['id'] as number;
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
  await api.catalogue.raw`delete from sources where id = ${TWIN}`;
  await api.catalogue.raw`delete from workers`;
  await api.catalogue.raw`delete from pgboss.job`;
});

async function rebuild(
  options: { readonly isDryRun?: boolean; readonly sourceId?: string } = {},
): Promise<RebuildResult & { readonly events: readonly RebuildEvent[] }> {
  const events: RebuildEvent[] = [];
  const result = await runRebuild(deps, {
    isDryRun: options.isDryRun ?? false,
    sourceId: options.sourceId ?? null,
    actor: CLI,
    signal: new AbortController().signal,
    told: (event) => events.push(event),
  });
  return { ...result, events };
}
const rows = () =>
  api.catalogue.raw<{ id: string; status: string; filename: string; source_id: string }[]>`
    select id, status, filename, source_id from backups order by created_at desc, id`;
const audited = () => api.catalogue.raw`
  select action, actor_kind, actor_name, subject_id, details from audit_entries where id > ${since} order by id`;
const recordedBy = ({ sources }: RebuildResult): number =>
  sources.reduce((sum, { backups }) => sum + backups, 0);
const codes = ({ refused }: RebuildResult) => refused.map(({ key, error }) => [key, error.code]);

describe('what is recorded', () => {
  test('is COMPLETED, never proven, with its copy unread, its tables and an audit entry; twice records nothing', async () => {
    const archive = plant(
      api.folder,
      describeArchive({
        tiers: ['DAILY', 'WEEKLY'],
        change: (manifest) => ({
          ...manifest,
          description: 'before the upgrade',
          encryption: { scheme: 'age', recipients: ['age1x'] },
          options: { ...manifest.options, tables: ['items'], schemaOnly: true },
        }),
      }),
    );
    const { manifest, bytes } = archive;
    expect(await rebuild()).toMatchObject({
      archives: 1,
      known: 0,
      refusedCount: 0,
      unreachable: [],
      sources: [{ id: ENVIRONMENT_SOURCE_ID, backups: 1, copies: 0, sizeBytes: bytes.length }],
    });
    const [row] = await api.catalogue.raw`select * from backups`;
    expect(row).toMatchObject({
      id: archive.id,
      source_id: ENVIRONMENT_SOURCE_ID,
      status: 'COMPLETED',
      filename: archive.filename,
      storage_path: join(api.folder, archive.filename),
      checksum: manifest.stored.sha256,
      plain_checksum: manifest.plain.sha256,
      type: 'DAILY',
      table_count: 1,
      description: 'before the upgrade',
      tables: ['items'],
      schema_only: true,
      is_encrypted: true,
      proof: 'NEVER',
      proven_at: null,
      bytes_fine_at: null,
      worker_id: null,
      error_code: null,
      manifest: { id: archive.id, checksum: manifest.checksum },
    });
    expect((row?.['created_at'] as Date).toISOString()).toBe(manifest.takenAt);
    expect(
      await api.catalogue
        .raw`select destination, key, status, size_bytes::int, checked_at from backup_copies`,
    ).toEqual([
      {
        destination: 'local',
        key: archive.filename,
        status: 'STORED',
        size_bytes: bytes.length,
        checked_at: null,
      },
    ]);
    // So the plan takes it for read when it was taken, and no later.
    const { copies } = await deps.db.transaction((tx) => readVerificationState(tx, ENVIRONMENT_SOURCE_ID));
    expect(copies).toEqual([
      { backupId: archive.id, destination: 'local', readAt: new Date(manifest.takenAt) },
    ]);
    expect(await api.catalogue.raw`select backup_id, schema, name, rows::int from backup_tables`).toEqual([
      { backup_id: archive.id, schema: 'public', name: 'items', rows: 7 },
    ]);
    const entries = [{ action: 'backup.record', subject_id: archive.id, actor_name: 'test' }];
    expect(await audited()).toMatchObject(entries);

    const again = await rebuild();
    expect(again).toMatchObject({ archives: 1, known: 1, sources: [], refusedCount: 0 });
    expect(again.events).toEqual([]);
    expect(await rows()).toHaveLength(1);
    expect(await audited()).toMatchObject(entries);
  });

  test('is nothing on a dry run, which tells the same', async () => {
    plant(api.folder, describeArchive());
    const dry = await rebuild({ isDryRun: true });
    expect(await rows()).toEqual([]);
    expect(await audited()).toHaveLength(0);
    const { events, ...told } = await rebuild();
    expect({ ...told, events }).toEqual(dry);
    expect(events).toHaveLength(1);
  });

  test('is nothing where nothing lies', async () => {
    expect(await rebuild()).toMatchObject({
      archives: 0,
      known: 0,
      sources: [],
      refused: [],
      unreachable: [],
    });
  });

  test('lies where the listing says, also below a folder, and not where its manifest says', async () => {
    const archive = plant(api.folder, describeArchive(), join('yearly', '2025', describeArchive().filename));
    await rebuild();
    expect(await api.catalogue.raw`select key from backup_copies`).toEqual([
      { key: `yearly/2025/${archive.filename}` },
    ]);
  });

  test('is of each source what is its own; of one source only, where that is asked for', async () => {
    plant(api.folder, describeArchive());
    const shop = plant(api.folder, describeArchive({ prefix: 'shop_backup', database: 'shop' }));
    const safety = plant(
      api.folder,
      describeArchive({ prefix: 'shop_backup_before_restore', database: 'shop_copy', tiers: ['MANUAL'] }),
    );
    expect(recordedBy(await rebuild({ sourceId: SHOP }))).toBe(2);
    expect((await rows()).map(({ id, source_id }) => [id, source_id]).sort()).toEqual(
      [
        [shop.id, SHOP],
        [safety.id, SHOP],
      ].sort(),
    );
    expect(recordedBy(await rebuild())).toBe(1);
  });

  test('was made by an older version too, without a checksum of its manifest', async () => {
    const archive = describeArchive();
    plant(api.folder, archive);
    const { checksum, ...older } = archive.manifest;
    expect(checksum).toBeDefined();
    writeFileSync(join(api.folder, manifestNameOf(archive.filename)), JSON.stringify(older));
    expect(recordedBy(await rebuild())).toBe(1);
  });

  test('by two at once is each backup once', async () => {
    for (let hour = 0; hour < 20; hour += 1)
      plant(api.folder, describeArchive({ takenAt: new Date(Date.UTC(2026, 10, 21, hour)) }));
    const both = await Promise.all([rebuild(), rebuild(), rebuild()]);
    expect(both.reduce((sum, one) => sum + recordedBy(one), 0)).toBe(20);
    expect(await rows()).toHaveLength(20);
    expect(await audited()).toHaveLength(20);
  });

  test('is judged by the next retention run like any other, and the preview says of how many that is the end', async () => {
    const archives = Array.from({ length: 12 }, (_, day) =>
      plant(api.folder, describeArchive({ takenAt: new Date(Date.UTC(2026, 0, 1 + day, 1)) })),
    );
    // Seven days are kept.
    expect((await rebuild({ isDryRun: true })).sources).toMatchObject([{ backups: 12, expiring: 5 }]);
    expect((await rebuild()).sources).toMatchObject([{ backups: 12, expiring: 5 }]);
    expect(await runRetain(deps)).toBe(5);
    const gone = (await rows()).filter(({ status }) => status === 'EXPIRED').map(({ id }) => id);
    expect(gone.sort()).toEqual(
      archives
        .slice(0, 5)
        .map(({ id }) => id)
        .sort(),
    );
    // What is going must not come back while its files are still there.
    expect(recordedBy(await rebuild())).toBe(0);
  });
});

describe('what the catalogue knows', () => {
  test.each(['DELETED', 'FAILED', 'EXPIRED', 'IN_PROGRESS'])(
    'is left alone where it is %s',
    async (status) => {
      const archive = plant(api.folder, describeArchive());
      await rebuild();
      await api.catalogue.raw`update backups set status = ${status}::backup_status`;
      await api.catalogue.raw`delete from backup_copies`;
      const before = await api.catalogue.raw`select * from backups`;
      expect(await rebuild()).toMatchObject({ archives: 1, known: 1, sources: [], refusedCount: 0 });
      expect(await api.catalogue.raw`select * from backups`).toEqual(before);
      expect(await api.catalogue.raw`select 1 from backup_copies`).toHaveLength(0);
      expect(before).toMatchObject([{ id: archive.id, status }]);
    },
  );

  test('gets a copy at a destination where a COMPLETED one had none, and none where it was removed', async () => {
    const archive = plant(api.folder, describeArchive());
    await rebuild();
    await api.catalogue.raw`update backup_copies set destination = 's3'`;
    await api.catalogue.raw`update backups set destinations = '{s3}'`;
    expect(await rebuild({ isDryRun: true })).toMatchObject({
      known: 0,
      sources: [{ backups: 0, copies: 1 }],
    });
    expect(await rebuild()).toMatchObject({ known: 0, sources: [{ backups: 0, copies: 1 }] });
    const copies = () =>
      api.catalogue.raw`select destination, key, status, checked_at from backup_copies order by destination`;
    expect(await copies()).toMatchObject([
      { destination: 'local', key: archive.filename, status: 'STORED', checked_at: null },
      { destination: 's3' },
    ]);
    expect(await api.catalogue.raw`select destinations::text from backups`).toEqual([
      { destinations: '{s3,local}' },
    ]);
    expect(await rebuild()).toMatchObject({ known: 1, sources: [] });

    await api.catalogue.raw`update backup_copies set status = 'REMOVED' where destination = 'local'`;
    expect(await rebuild()).toMatchObject({ known: 1, sources: [] });
    expect(await copies()).toMatchObject([
      { destination: 'local', status: 'REMOVED' },
      { destination: 's3' },
    ]);
  });

  test('is not given a copy of something else under its id', async () => {
    const archive = plant(api.folder, describeArchive());
    await rebuild();
    await api.catalogue.raw`update backup_copies set destination = 's3'`;
    await api.catalogue.raw`update backups set checksum = ${'cd'.repeat(32)}`;
    expect(codes(await rebuild())).toEqual([[archive.filename, 'integrity']]);
    expect(await api.catalogue.raw`select destination from backup_copies`).toEqual([{ destination: 's3' }]);
  });
});

describe('what cannot be recorded is named, and stops nothing', () => {
  const write = (filename: string, text: string): void => {
    writeFileSync(join(api.folder, manifestNameOf(filename)), text);
  };
  const edit = (change: (manifest: Manifest) => object, isSealed = true) => {
    const archive = plant(api.folder, describeArchive());
    const changed = change(archive.manifest);
    write(
      archive.filename,
      manifestText((isSealed ? sealManifest(changed as Manifest) : changed) as Manifest),
    );
    return archive;
  };
  const refusals: Record<
    string,
    { readonly code: string; readonly spoil: () => { readonly filename: string } }
  > = {
    'a manifest that is no JSON': {
      code: 'integrity',
      spoil: () => {
        const archive = plant(api.folder, describeArchive());
        write(archive.filename, manifestText(archive.manifest).slice(0, 300));
        return archive;
      },
    },
    'a manifest of something else': { code: 'integrity', spoil: () => edit(() => ({ name: 'a package' })) },
    'a manifest that was edited': {
      code: 'integrity',
      spoil: () => edit((manifest) => ({ ...manifest, takenAt: '2026-11-20T01:00:00.000Z' }), false),
    },
    'a manifest of a newer Holdfast': {
      code: 'tool_version',
      spoil: () => edit((manifest) => ({ ...manifest, format: 2 })),
    },
    'the manifest of another archive': {
      code: 'integrity',
      spoil: () => edit((manifest) => ({ ...manifest, archive: '../../etc/passwd' })),
    },
    'a manifest without the id of a backup': {
      code: 'integrity',
      spoil: () => edit((manifest) => ({ ...manifest, id: "'; drop table backups" })),
    },
    'an id in another spelling': {
      code: 'integrity',
      spoil: () => edit((manifest) => ({ ...manifest, id: 'ABCDEF00-0000-4000-8000-000000000000' })),
    },
    'a backup of the future': {
      code: 'integrity',
      spoil: () =>
        edit((manifest) => ({ ...manifest, takenAt: new Date(Date.now() + 48 * 3_600_000).toISOString() })),
    },
    'values that no catalogue can hold': {
      code: 'integrity',
      spoil: () => edit((manifest) => ({ ...manifest, description: 'a NUL: \u0000' })),
    },
    'a missing archive': {
      code: 'object_missing',
      spoil: () => {
        const archive = plant(api.folder, describeArchive());
        rmSync(join(api.folder, archive.filename));
        return archive;
      },
    },
    'an archive that was cut': {
      code: 'integrity',
      spoil: () => {
        const archive = plant(api.folder, describeArchive());
        truncateSync(join(api.folder, archive.filename), archive.bytes.length - 1);
        return archive;
      },
    },
    'an archive that grew': {
      code: 'integrity',
      spoil: () => {
        const archive = plant(api.folder, describeArchive());
        writeFileSync(join(api.folder, archive.filename), Buffer.concat([archive.bytes, Buffer.from('x')]));
        return archive;
      },
    },
    'a source that is not there': {
      code: 'not_found',
      spoil: () => plant(api.folder, describeArchive({ prefix: 'gone_backup', database: 'gone' })),
    },
    'a file source of the same prefix': {
      code: 'not_found',
      spoil: () => plant(api.folder, describeArchive({ kind: 'files', database: 'ims_db' })),
    },
  };

  test.each(Object.entries(refusals))('%s', async (_what, { code, spoil }) => {
    const spoilt = spoil();
    const whole = plant(api.folder, describeArchive({ takenAt: new Date('2026-11-22T01:00:00Z') }));
    const result = await rebuild();
    expect(codes(result)).toEqual([[spoilt.filename, code]]);
    expect(result).toMatchObject({ archives: 2, known: 0, refusedCount: 1 });
    expect(result.refused[0]?.error.hint).toMatch(/\.$/);
    expect((await rows()).map(({ id }) => id)).toEqual([whole.id]);
    expect(await api.catalogue.raw`select backup_id from backup_tables`).toEqual([{ backup_id: whole.id }]);
  });

  test('and once its source is there, it is recorded', async () => {
    plant(api.folder, describeArchive({ prefix: 'twin', database: 'shop' }));
    expect(codes(await rebuild())).toMatchObject([[expect.any(String), 'not_found']]);
    await api.catalogue.raw`
      insert into sources (id, name, host, port, "user", database, file_prefix)
      values (${TWIN}, 'twin', '127.0.0.1', 5432, 'reader', 'shop', 'twin')`;
    expect((await rebuild()).sources).toMatchObject([{ id: TWIN, name: 'twin', backups: 1 }]);
    await api.catalogue.raw`truncate backups cascade`;
  });

  test('two sources that fit: none is guessed', async () => {
    await api.catalogue.raw`
      insert into sources (id, name, host, port, "user", database, file_prefix)
      values (${TWIN}, 'twin', '10.0.0.1', 5432, 'reader', 'ims_db', 'ims_backup')`;
    const archive = plant(api.folder, describeArchive());
    const result = await rebuild();
    expect(codes(result)).toEqual([[archive.filename, 'conflict']]);
    expect(result.refused[0]?.error.message).toContain('twin');
    expect(await rows()).toEqual([]);
  });

  test('a second copy at the same destination', async () => {
    const archive = plant(api.folder, describeArchive());
    plant(api.folder, archive, `old/${archive.filename}`);
    const result = await rebuild();
    expect(recordedBy(result)).toBe(1);
    expect(result.refused.map(({ error }) => error.code)).toEqual(['conflict']);
  });

  test('a destination that cannot be read is told, and not taken for an empty one', async () => {
    rmSync(api.folder, { recursive: true });
    writeFileSync(api.folder, 'a file where the folder should be');
    const result = await rebuild().catch((error: unknown) => error);
    rmSync(api.folder);
    expect(result).toMatchObject({ archives: 0, unreachable: [{ destination: 'local' }] });
  });
});

describe('the console', () => {
  const post = (json: unknown = {}, options: object = {}) =>
    api.call(ask, 'POST', '/api/v1/admin/backup/rebuild', { json, ...options });
  const read = async (id: string): Promise<Rebuild> =>
    Rebuild.strict().parse(await (await api.call(look, 'GET', '/x', { params: { id } })).json());
  const started = async (json: object): Promise<string> => {
    const response = await post(json);
    expect(response.status).toBe(202);
    return RebuildAccepted.strict().parse(await response.json()).id;
  };
  const startWorker = async (): Promise<WorkerProcess> => {
    const worker = startWorkerProcess({
      DATABASE_URL: api.backend.config.databaseUrl?.reveal() ?? '',
      HOLDFAST_DATA_DIR: join(api.folder, '..', 'hf-rebuild-data'),
      BACKUP_LOCAL_PATH: api.folder,
      BACKUP_ENABLED: 'false',
      BACKUP_TIMEZONE: 'UTC',
      PGDATABASE: 'ims_db',
    });
    workers.push(worker);
    await worker.until('worker is ready');
    return worker;
  };
  const ended = (id: string): Promise<Rebuild> =>
    eventually(
      async () => {
        const seen = await read(id);
        return seen.status !== 'IN_PROGRESS' && seen;
      },
      () => workers.map((worker) => worker.log()).join('\n'),
    );

  test('has a worker look, then record; both are in the audit log', async () => {
    const archive = plant(api.folder, describeArchive());
    plant(api.folder, describeArchive({ prefix: 'gone', database: 'gone' }));
    await startWorker();
    const preview = await ended(await started({ dryRun: true }));
    expect(preview).toMatchObject({
      status: 'COMPLETED',
      dryRun: true,
      requestedBy: 'admin token',
      error: null,
      result: { archives: 2, known: 0, refusedCount: 1, sources: [{ backups: 1 }] },
    });
    expect(await rows()).toEqual([]);
    const done = await ended(await started({}));
    expect(done).toMatchObject({ status: 'COMPLETED', dryRun: false, result: { sources: [{ backups: 1 }] } });
    expect((await rows()).map(({ id }) => id)).toEqual([archive.id]);
    expect(await audited()).toMatchObject([
      { action: 'backup.preview-rebuild', actor_kind: 'token', subject_id: preview.id },
      { action: 'backup.rebuild', actor_kind: 'token', subject_id: done.id },
      { action: 'backup.record', actor_kind: 'worker', subject_id: archive.id },
    ]);
    const entry = (await audited()).at(-1);
    expect(entry?.['details']).toMatchObject({ requestedBy: 'admin token', filename: archive.filename });
  });

  test('goes on with another worker where one is killed', async () => {
    plant(api.folder, describeArchive());
    const first = await startWorker();
    // The archive cannot be recorded while somebody holds its row.
    const holder = await api.catalogue.raw.reserve();
    await holder.unsafe('begin; lock table backups in share mode');
    const id = await started({});
    await eventually(
      async () => (await read(id)).progress.archives === 1,
      () => first.log(),
    );
    await first.kill('SIGKILL');
    await api.catalogue.raw`delete from workers`;
    expect(await read(id)).toMatchObject({ status: 'IN_PROGRESS', error: { code: 'worker_absent' } });
    await holder.unsafe('rollback');
    holder.release();
    await startWorker();
    expect(await ended(id)).toMatchObject({ status: 'COMPLETED', error: null });
    expect(await rows()).toHaveLength(1);
  }, 120_000);

  test('says so where no worker would, and leaves nothing behind', async () => {
    expect(await problemOf(await post())).toMatchObject({ code: 'worker_absent', status: 503 });
    expect(await api.catalogue.raw`select 1 from rebuilds`).toHaveLength(0);
    expect(await audited()).toHaveLength(0);
  });

  test('is for administrators, and refuses what it does not know', async () => {
    expect(await problemOf(await post({}, { as: 'viewer' }))).toMatchObject({ code: 'forbidden' });
    expect(await problemOf(await post({}, { as: null }))).toMatchObject({ code: 'unauthenticated' });
    const params = { id: randomUUID() };
    expect(await problemOf(await api.call(look, 'GET', '/x', { params, as: 'viewer' }))).toMatchObject({
      code: 'forbidden',
    });
    expect(await problemOf(await api.call(look, 'GET', '/x', { params }))).toMatchObject({
      code: 'not_found',
    });
    expect(await problemOf(await post({ dryRun: 'yes' }))).toMatchObject({ code: 'invalid' });
    expect(await problemOf(await post({ everything: true }))).toMatchObject({ code: 'invalid' });
  });
});

describe('the command', () => {
  const environment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
    NODE_ENV: 'test',
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: api.backend.config.databaseUrl?.reveal() ?? '',
    BACKUP_LOCAL_PATH: api.folder,
    BACKUP_TIMEZONE: 'UTC',
    PGDATABASE: 'ims_db',
    HOLDFAST_LOG_LEVEL: 'error',
    ...more,
  });
  const start = (args: readonly string[], more?: Record<string, string>) =>
    spawn(process.execPath, ['scripts/cli.ts', 'rebuild', ...args], { cwd: ROOT, env: environment(more) });
  const cli = async (args: readonly string[], more?: Record<string, string>) => {
    const child = start(args, more);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, stderr };
  };

  test('tells each backup and a sum, names the source of the environment, and ends with 0', async () => {
    await api.catalogue.raw`update sources set name = 'environment' where id = ${ENVIRONMENT_SOURCE_ID}`;
    expect(await cli([])).toMatchObject({
      code: 0,
      stdout: '0 manifests found, 0 known; recorded 0 backups\n',
    });
    const archive = plant(api.folder, describeArchive());
    const dry = await cli(['--dry-run', '--source', 'ims_db']);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(
      /^would record backup {2}ims_backup_.* {2}ims_db {2}2026-11-21 01:00 UTC .*local\n/,
    );
    expect(await rows()).toEqual([]);
    const done = await cli(['--json']);
    expect(JSON.parse(done.stdout)).toMatchObject({
      isDryRun: false,
      archives: 1,
      recorded: [{ backupId: archive.id, source: 'ims_db', destinations: ['local'] }],
    });
    expect(await cli([])).toMatchObject({
      code: 0,
      stdout: '1 manifest found, 1 known; recorded 0 backups\n',
    });
    expect(await cli(['--source', 'nobody'])).toMatchObject({ code: 10 });
  });

  test('ends with 3 where an archive could not be recorded, and with the destination’s code where one could not be read', async () => {
    plant(api.folder, describeArchive({ prefix: 'gone', database: 'gone' }));
    const partial = await cli([]);
    expect(partial.code).toBe(3);
    expect(partial.stdout).toContain('[not_found]');
    expect(partial.stderr).toContain('1 archive could not be recorded [partial]');
    plant(api.folder, describeArchive());
    const away = await cli([], {
      BACKUP_S3_BUCKET: 'nowhere',
      BACKUP_S3_ENDPOINT: 'http://127.0.0.1:9',
      BACKUP_S3_ACCESS_KEY: 'a',
      BACKUP_S3_SECRET_KEY: 'b',
    });
    expect(away.code).toBe(40);
    expect(away.stderr).toContain('s3 storage could not be read to the end');
    // What the other destination holds is recorded all the same.
    expect(await rows()).toHaveLength(1);
  }, 90_000);

  test('killed anywhere, it has recorded whole backups, and the next run records the rest', async () => {
    const count = 1500;
    for (let index = 0; index < count; index += 1) {
      const takenAt = new Date(Date.UTC(2020, 0, 1) + index * 3_600_000);
      plant(api.folder, describeArchive({ takenAt, tiers: ['YEARLY'] }));
    }
    const child = start([]);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const recorded = async () =>
      Number((await api.catalogue.raw`select count(*) as n from backups`)[0]?.['n']);
    await eventually(
      async () => (await recorded()) > 100,
      () => 'nothing was recorded',
    );
    child.kill('SIGKILL');
    await gone;
    const first = await recorded();
    expect(first).toBeLessThan(count);
    const halves = api.catalogue.raw`
      select 1 from backups b
       where not exists (select from backup_copies c where c.backup_id = b.id)
          or not exists (select from backup_tables t where t.backup_id = b.id)
          or not exists (select from audit_entries a where a.subject_id = b.id::text)`;
    expect(await halves).toHaveLength(0);
    const rest = await cli(['--json']);
    expect(JSON.parse(rest.stdout)).toMatchObject({ archives: count, refusedCount: 0 });
    expect(await recorded()).toBe(count);
    const [totals] = await api.catalogue.raw`
      select sum(backups)::int as backups from backup_totals where period = 'month' and status = 'COMPLETED'`;
    expect(totals).toEqual({ backups: count });
    readFileSync(join(api.folder, describeArchive({ takenAt: new Date(Date.UTC(2020, 0, 1)) }).filename));
  }, 180_000);
});
