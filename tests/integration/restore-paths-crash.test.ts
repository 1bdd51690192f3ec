import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addPathSource, machineFolder, treeOf } from '#tests/support/path-sources.ts';
import { startRestoreApi, type RestoreApi } from '#tests/support/restore-api.ts';
import type { WorkerProcess } from '#tests/support/worker.ts';

const ENTRIES = Array.from({ length: 900 }, (_, index) => `entry-${String(index)}`);

let scene: RestoreApi;
let worker: WorkerProcess;
const machine = machineFolder();
const hooks = mkdtempSync(join(tmpdir(), 'hf-path-hooks-'));
const folder = (name: string): string => join(machine.path, name);
const write = (name: string, content: string): void => {
  rmSync(folder(name), { recursive: true, force: true });
  mkdirSync(folder(name));
  for (const entry of ENTRIES) writeFileSync(join(folder(name), entry), content);
};
/** What all of its files hold; null where they do not hold the same. */
const contentOf = (path: string): string | null => {
  const contents = new Set(Object.values(treeOf(path)));
  return contents.size === 1 && readdirSync(path).length === ENTRIES.length
    ? ([...contents][0] ?? null)
    : null;
};
/** Looks without a pause, because the worker makes none. */
function keptNow(name: string): string {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const kept = readdirSync(machine.path).find((one) => one.startsWith(`${name}_before_`));
    if (kept !== undefined && readdirSync(folder(kept)).length > 0) return folder(kept);
  }
  throw new Error(`nothing was kept of ${name}`);
}

beforeAll(async () => {
  const file = join(hooks, 'hooks.json');
  const until = (name: string): string[] => [
    '/bin/sh',
    '-c',
    `touch ${hooks}/${name}-begun; while [ ! -e ${hooks}/${name}-go ]; do sleep 0.05; done`,
  ];
  const before = ['never', 'gate'].map((name) => ({ name, command: until(name) }));
  writeFileSync(file, JSON.stringify({ before, after: [] }), { mode: 0o600 });
  scene = await startRestoreApi({ HOLDFAST_HOOKS_FILE: file });
  worker = await scene.startWorker();
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  machine[Symbol.dispose]();
  rmSync(hooks, { recursive: true });
});

test('a worker killed before, in the midst of and after an exchange of paths: the next start says which, and nothing is lost', async () => {
  const backups: string[] = [];
  for (const name of ['before', 'amid', 'after']) {
    write(name, 'restored');
    backups.push(await scene.backUp(await addPathSource(scene, name, { kind: 'files', path: folder(name) })));
    write(name, 'live');
  }
  const [first = '', second = '', third = ''] = backups;
  const swap = (name: string, more: object = {}) =>
    ({ mode: 'swap', targetDatabase: folder(name), ...more }) as const;

  // With a copy that is proven, and before the renames are noted.
  const before = await scene.start(first, swap('before', { hooks: ['never'] }));
  await scene.until(before, ({ progress }) => progress?.phase === 'hooks');
  await expect.poll(() => readdirSync(hooks), { timeout: 30_000 }).toContain('never-begun');
  expect(readdirSync(machine.path).some((name) => name.startsWith('before_restore_'))).toBe(true);
  await worker.kill('SIGKILL');

  worker = await scene.startWorker();
  const amid = await scene.start(second, swap('amid', { paths: ENTRIES }));
  keptNow('amid');
  await worker.kill('SIGKILL');

  worker = await scene.startWorker();
  const after = await scene.start(third, swap('after', { hooks: ['gate'] }));
  await expect.poll(() => readdirSync(hooks), { timeout: 30_000 }).toContain('gate-begun');
  // Its last word cannot be written without its audit entry.
  const holder = await scene.api.catalogue.raw.reserve();
  await holder.unsafe('begin');
  await holder.unsafe('lock table audit_entries in share mode');
  writeFileSync(join(hooks, 'gate-go'), '');
  await worker.until(`is now ${folder('after')}`);
  await worker.kill('SIGKILL');
  await holder.unsafe('rollback');
  holder.release();

  worker = await scene.startWorker();
  const [one, two, three] = await Promise.all(
    [before, amid, after].map((id) => scene.until(id, ({ status }) => status !== 'IN_PROGRESS')),
  );
  expect(one).toMatchObject({
    status: 'FAILED',
    error: { code: 'interrupted' },
    copyDatabase: null,
    swap: null,
  });
  expect(one?.log).toContain(`it was not done: ${folder('before')} is as before`);
  expect(contentOf(folder('before'))).toBe('live');
  for (const [restore, name] of [
    [two, 'amid'],
    [three, 'after'],
  ] as const) {
    expect(restore).toMatchObject({ status: 'COMPLETED', error: null, copyDatabase: null, proven: true });
    expect(restore?.swap).toMatchObject({ canUndo: true });
    expect(restore?.log).toContain(`the swap was done: ${folder(name)} is the restored one`);
    expect(contentOf(folder(name))).toBe('restored');
    expect(contentOf(restore!.swap!.keptDatabase)).toBe('live');
  }
  const names = [two, three].map((restore) => restore!.swap!.keptDatabase.slice(machine.path.length + 1));
  expect(readdirSync(machine.path).toSorted()).toEqual(['after', 'amid', 'before', ...names].toSorted());

  // And the undo of what a successor finished.
  for (const [id, name] of [
    [amid, 'amid'],
    [after, 'after'],
  ] as const) {
    expect((await scene.act('undo', id, folder(name))).status).toBe(202);
    const undone = await scene.ended(id);
    expect(undone).toMatchObject({ status: 'COMPLETED', error: null });
    expect(contentOf(folder(name))).toBe('live');
    expect(contentOf(undone.copyDatabase!)).toBe('restored');
  }
  expect(readFileSync(join(folder('amid'), 'entry-0'), 'utf8')).toBe('live');
}, 240_000);
