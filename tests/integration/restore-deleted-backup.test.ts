import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DELETE } from '#app/api/v1/admin/backup/[id]/route.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { systemClock } from '#lib/core/clock.ts';
import { runRetain } from '#lib/engine/retain.ts';
import { findProgram } from '#scripts/programs.mjs';
import { problemOf } from '#tests/support/api.ts';
import { ordersOf, startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import { startWorker, type Worker } from '#worker/worker.ts';

let scene: RestoreApi;
let worker: Worker;
/** Old enough to be deleted; the newest one is another. */
let backupId: string;
const folder = mkdtempSync(join(tmpdir(), 'hf-deleted-'));

/** Decoding waits for this file. */
const go = join(folder, 'go');
beforeAll(async () => {
  const zstd = join(folder, 'zstd');
  writeFileSync(
    zstd,
    `#!/bin/sh
case "$*" in *version*) ;; *) while [ ! -e ${go} ]; do sleep 0.05; done ;; esac
exec ${findProgram('zstd') ?? ''} "$@"\n`,
  );
  chmodSync(zstd, 0o755);
  scene = await startRestoreApi({ BACKUP_COMPRESSION: 'zstd' });
  const { config, log } = scene.api.backend;
  worker = startWorker({ ...config, searchPath: [folder, ...config.searchPath] }, { log });
  await worker.ready;
  writeFileSync(go, '');
});
afterAll(async () => {
  await worker.stop();
  await scene[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  writeFileSync(go, '');
  backupId = await scene.backUp();
  await scene.api.catalogue.raw`
    update backups set created_at = now() - interval '30 days', started_at = now() - interval '30 days', tiers = '{DAILY}'`;
  await scene.backUp();
  rmSync(go);
  await scene.source.sql('shop', 'delete from orders where id > 40');
});

const raw = () => scene.api.catalogue.raw;
const remove = () => scene.api.call(DELETE, 'DELETE', '/x', { params: { id: backupId } });
const statusOf = async (): Promise<string> => {
  const [row] = await raw()<{ status: string }[]>`select status from backups where id = ${backupId}`;
  return row?.status ?? 'none';
};
const archiveOf = async (): Promise<string> => {
  const [copy] = await raw()<{ key: string }[]>`select key from backup_copies where backup_id = ${backupId}`;
  return join(scene.api.folder, copy?.key ?? '');
};
const isDecoding = (id: string) => scene.until(id, ({ progress }) => progress?.phase === 'decoding');
const scratch = () => readdirSync(scene.api.backend.config.verify.dir);

describe('a backup that is being restored', () => {
  test('is not deleted by a person until its rows are in the copy', async () => {
    const id = await scene.start(backupId, { mode: 'swap', targetDatabase: 'shop', pauseBeforeSwap: true });
    await isDecoding(id);
    const refused = await problemOf(await remove());
    expect(refused).toMatchObject({
      status: 409,
      code: 'locked',
      detail: 'this backup is being restored into shop',
      hint: 'Wait until that restore has ended, or cancel it, then delete the backup.',
    });
    expect(await statusOf()).toBe('COMPLETED');
    expect(existsSync(await archiveOf())).toBe(true);
    writeFileSync(go, '');
    expect(await scene.ended(id)).toMatchObject({ status: 'IN_PROGRESS', proven: true, canSwap: true });

    // The copy waits for a person, and needs its backup no more.
    const archive = await archiveOf();
    expect((await remove()).status).toBe(202);
    await expect.poll(statusOf, { timeout: 30_000 }).toBe('DELETED');
    expect(existsSync(archive)).toBe(false);
    expect((await scene.act('swap', id, 'shop')).status).toBe(202);
    expect(await scene.ended(id)).toMatchObject({ status: 'COMPLETED', error: null });
    expect(await ordersOf(scene.source, 'shop')).toBe(2000);
    for (const name of (await scene.databases()).filter((one) => one !== 'shop'))
      await scene.source.sql('postgres', `drop database "${name}"`);
  });

  test('is not let go of by retention either, until it is restored', async () => {
    const { backend } = scene.api;
    const retain = async () =>
      runRetain({
        config: { ...backend.config, retention: { daily: 0, weekly: 0, monthly: 0 } },
        sourceId: ENVIRONMENT_SOURCE_ID,
        db: backend.db,
        queue: await backend.queue(),
        log: backend.log,
        clock: systemClock,
        workerId: backupId,
      });
    const id = await scene.start(backupId, { targetDatabase: 'copy' });
    await isDecoding(id);
    await retain();
    expect(await statusOf()).toBe('COMPLETED');
    expect((await scene.act('cancel', id)).status).toBe(202);
    expect(await scene.ended(id)).toMatchObject({ status: 'FAILED', error: { code: 'cancelled' } });
    await retain();
    expect(await statusOf()).not.toBe('COMPLETED');
  });
});

describe('live data is as before, and nothing is left', () => {
  test('where the backup is marked as deleted all the same, in the middle of decoding', async () => {
    const id = await scene.start(backupId, { mode: 'swap', targetDatabase: 'shop' });
    await isDecoding(id);
    await raw()`update backups set status = 'EXPIRED' where id = ${backupId}`;
    const restore = await scene.ended(id);
    expect(restore).toMatchObject({
      status: 'FAILED',
      error: {
        code: 'conflict',
        message: 'this backup was deleted before it could be restored',
        hint: 'Restore another backup; the live database is as before.',
      },
      copyDatabase: null,
      swap: null,
    });
    expect(scratch()).toEqual([]);
    expect(await scene.databases()).toEqual(['shop']);
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });

  test('where somebody has removed its archive by hand', async () => {
    rmSync(await archiveOf());
    writeFileSync(go, '');
    const restore = await scene.ended(await scene.start(backupId, { mode: 'swap', targetDatabase: 'shop' }));
    expect(restore).toMatchObject({
      status: 'FAILED',
      error: { code: 'object_missing' },
      copyDatabase: null,
    });
    expect(restore.error?.hint).toBeTruthy();
    expect(scratch()).toEqual([]);
    expect(await scene.databases()).toEqual(['shop']);
    expect(await ordersOf(scene.source, 'shop')).toBe(40);
  });
});
