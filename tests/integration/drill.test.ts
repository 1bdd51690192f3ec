import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { GET as list, POST as order } from '#app/api/v1/admin/drills/route.ts';
import { GET as read } from '#app/api/v1/admin/drills/[id]/route.ts';
import { GET as report } from '#app/api/v1/admin/drills/[id]/report/route.ts';
import { GET as signature } from '#app/api/v1/admin/drills/[id]/report/signature/route.ts';
import { GET as key } from '#app/api/v1/admin/drills/key/route.ts';
import { POST as cancel } from '#app/api/v1/admin/verifications/[id]/cancel/route.ts';
import { writeConsoleSettings } from '#db/queries/setting.ts';
import { Drill, DrillAccepted, DrillList, DrillReport, drillReportText } from '#lib/contracts/drill.ts';
import { DEFAULT_SETTINGS } from '#lib/contracts/settings.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import type { VerificationPolicy } from '#lib/contracts/verification.ts';
import { runBackup } from '#lib/engine/backup.ts';
import { endLeftDrills, signLeftReports } from '#lib/engine/drill.ts';
import { runRecover } from '#lib/engine/recover.ts';
import { runRemove } from '#lib/engine/remove.ts';
import { runVerify } from '#lib/engine/verify.ts';
import { readOverview } from '#lib/services/overview.ts';
import { addBackup, problemOf, startApi, type TestApi } from '#tests/support/api.ts';
import { queueBackup, queueVerification } from '#tests/support/backups.ts';
import { createEngine, type TestEngine } from '#tests/support/engine.ts';
import { startPostgres, type TestPostgres } from '#tests/support/postgres.ts';
import { eventually, startWorkerProcess } from '#tests/support/worker.ts';
import { tickDrills } from '#worker/drill-schedule.ts';

const SECRET = 'a secret of the tests that nobody else has';
let source: TestPostgres;
let api: TestApi;
let engine: TestEngine;
let folder: string;
let backupId: string;

beforeAll(async () => {
  source = await startPostgres();
  await source.createDatabase('shop');
  await source.sql(
    'shop',
    `create table items (id int primary key, name text not null);
     insert into items select i, md5(i::text) from generate_series(1, 20000) i`,
  );
  const env = {
    HOLDFAST_SECRET: SECRET,
    PGHOST: '127.0.0.1',
    PGPORT: String(source.port),
    PGUSER: 'postgres',
    PGPASSWORD: 'postgres',
    PGDATABASE: 'shop',
    BACKUP_ENABLED: 'false',
  };
  api = await startApi(env);
  const { catalogue } = api;
  engine = await createEngine(Object.assign(catalogue, { url: api.backend.config.databaseUrl! }), {
    PATH: process.env['PATH'] ?? '',
    ...env,
    BACKUP_LOCAL_PATH: api.folder,
  });
  folder = mkdtempSync(join(tmpdir(), 'hf-drill-'));
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await api.close();
  await source[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
const never = () => new AbortController().signal;

/** One good backup; only drills are asked for, by the test. */
beforeEach(async () => {
  await api.catalogue.raw`truncate backups, drills, report_keys, workers cascade`;
  await settings({});
  backupId = await queueBackup(engine, { tiers: ['DAILY'], isJobLost: true });
  expect(await runBackup(engine, backupId, { run: never(), turn: never() })).toBe('completed');
  await api.catalogue.raw`delete from verifications`;
  await api.catalogue.raw`delete from pgboss.job`;
});

const settings = (
  policy: Partial<VerificationPolicy>,
  objectives: { readonly rtoMinutes?: number; readonly rpoHours?: number } = {},
): Promise<void> =>
  api.catalogue.db.transaction((tx) =>
    writeConsoleSettings(tx, {
      ...DEFAULT_SETTINGS,
      ...objectives,
      verification: { ...DEFAULT_SETTINGS.verification, restore: 'off', scrubDays: 0, ...policy },
    }),
  );
const drillOf = async (id: string): Promise<Drill> =>
  Drill.parse(await (await api.call(read, 'GET', '/x', { params: { id } })).json());
const ask = (json: object = {}, options: object = {}): Promise<Response> =>
  api.call(order, 'POST', '/x', { json, ...options });
const begin = async (json: object = {}): Promise<Drill> => {
  const response = await ask(json);
  expect(response.status).toBe(202);
  return drillOf(DrillAccepted.strict().parse(await response.json()).id);
};
/** Begins one and has it done by a worker's code in this process. */
const drill = async (json: object = {}): Promise<Drill> => {
  const { id, verificationId } = await begin(json);
  expect(await runVerify(engine, verificationId!, never())).toBe('ended');
  return drillOf(id);
};
const bytesOf = async (handler: unknown, id?: string): Promise<Buffer> => {
  const response = await api.call(handler, 'GET', '/x', id === undefined ? {} : { params: { id } });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+"$/);
  return Buffer.from(await response.arrayBuffer());
};
const documentOf = async (id: string): Promise<DrillReport> =>
  DrillReport.strict().parse(JSON.parse((await bytesOf(report, id)).toString('utf8')));
const actions = async (id: string): Promise<string[]> =>
  (await api.catalogue.raw`select action from audit_entries where subject_id = ${id} order by id`).map(
    (row) => row['action'] as string,
  );
/** Exactly the command of docs/format.md. */
const openssl = (files: {
  readonly report: Buffer;
  readonly signature: Buffer;
  readonly key: Buffer | string;
}) => {
  for (const [name, bytes] of [
    ['report.json', files.report],
    ['report.json.sig', files.signature],
    ['key.pem', files.key],
  ] as const)
    writeFileSync(join(folder, name), bytes);
  const command = /^openssl pkeyutl .*$/m.exec(readFileSync('docs/format.md', 'utf8'))?.[0] ?? 'false';
  const { status, stdout } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
  return { status, stdout: stdout.trim() };
};

test('a drill passes, measured against the objectives, and stock openssl checks its report; not one byte may change', async () => {
  const running = await begin({ note: 'before the audit' });
  expect(running).toMatchObject({
    status: 'IN_PROGRESS',
    progress: { phase: 'queued' },
    verdicts: null,
    report: null,
    backup: { id: backupId, destination: 'local' },
  });
  expect(await problemOf(await api.call(report, 'GET', '/x', { params: { id: running.id } }))).toMatchObject({
    code: 'conflict',
  });
  await runVerify(engine, running.verificationId!, never());
  const ended = await drillOf(running.id);
  expect(ended).toMatchObject({
    status: 'PASSED',
    verdicts: { proof: 'PASSED', rto: 'PASSED', rpo: 'PASSED' },
    objectives: { rtoMinutes: 60, rpoHours: 24 },
    cause: 'manual',
    requestedBy: 'admin token',
    note: 'before the audit',
    place: 'ephemeral',
    error: null,
    progress: null,
  });
  const { recoveryMs, restoreMs, dataLossMs, waitedMs } = ended.measured;
  expect(recoveryMs).toBeGreaterThan(restoreMs!);
  expect(recoveryMs).toBeLessThan(60_000);
  expect(dataLossMs).toBe(Date.parse(ended.createdAt) - Date.parse(ended.backup!.takenAt));
  expect(waitedMs).toBe(Date.parse(ended.startedAt!) - Date.parse(ended.createdAt));
  expect(ended.steps.map(({ phase }) => phase)).toEqual([
    'preparing',
    'decoding',
    'restoring',
    'comparing',
    'finishing',
  ]);
  const stepsMs = ended.steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
  expect(Math.abs(stepsMs - recoveryMs!)).toBeLessThan(1000);
  expect(await actions(ended.id)).toEqual(['drill.start', 'drill.complete']);

  const bytes = await bytesOf(report, ended.id);
  const document = await documentOf(ended.id);
  expect(bytes.toString('utf8')).toBe(drillReportText(document));
  expect(document).toMatchObject({
    status: 'PASSED',
    measured: ended.measured,
    backup: ended.backup,
    notPassed: [],
  });
  expect(document.checksByKind.find(({ kind }) => kind === 'rows')).toMatchObject({ passed: 1, failed: 0 });
  const files = { report: bytes, signature: await bytesOf(signature, ended.id), key: await bytesOf(key) };
  expect(files.signature).toHaveLength(64);
  expect(files.key.toString('utf8')).toBe(ended.report?.publicKey);
  expect(openssl(files)).toEqual({ status: 0, stdout: 'Signature Verified Successfully' });
  const changed = Buffer.from(bytes);
  changed[bytes.indexOf('PASSED')]! ^= 1;
  expect(openssl({ ...files, report: changed }).status).not.toBe(0);
  const other = Buffer.from(files.signature);
  other[10]! ^= 1;
  expect(openssl({ ...files, signature: other }).status).not.toBe(0);
  // The private key is nowhere to be read.
  const [sealed] = await api.catalogue.raw`select sealed_private_key from report_keys`;
  expect(sealed?.['sealed_private_key']).toMatch(/^v1\./);
});

test('the recovery point or the recovery time is missed: FAILED, although the copy is proven', async () => {
  await settings({}, { rpoHours: 1 });
  await api.catalogue.raw`
    update backups set manifest = jsonb_set(manifest, '{takenAt}', to_jsonb(to_char(
      (now() - interval '2 hours') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))`;
  expect(await drill()).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'PASSED', rto: 'PASSED', rpo: 'FAILED' },
    error: {
      code: 'objective_missed',
      message: expect.stringContaining('the objective is 1 hour') as string,
    },
  });

  await settings({}, { rpoHours: 24 });
  const slow = await begin();
  // The shortest objective of the settings is a minute, which this database does not take.
  await api.catalogue.raw`
    update drills set objectives = '{"rtoMinutes": 0, "rpoHours": 24}' where id = ${slow.id}`;
  await runVerify(engine, slow.verificationId!, never());
  expect(await drillOf(slow.id)).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'PASSED', rto: 'FAILED', rpo: 'PASSED' },
    error: { code: 'objective_missed' },
  });
  expect(await actions(slow.id)).toEqual(['drill.start', 'drill.fail']);
  const { checks } = await readOverview(api.backend);
  expect(checks.find(({ name }) => name === 'drill')).toMatchObject({
    state: 'WARNING',
    detail: expect.stringContaining('failed') as string,
    action: { href: '/drills' },
  });
});

test('a damaged archive fails the drill, and the signed report names the check', async () => {
  const [row] = await api.catalogue.raw<{ filename: string }[]>`select filename from backups`;
  const file = join(api.folder, row!.filename);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  const ended = await drill();
  expect(ended).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'FAILED', rto: 'UNKNOWN', rpo: 'PASSED' },
    measured: { recoveryMs: null },
    error: { code: 'integrity' },
  });
  const document = await documentOf(ended.id);
  expect(document.notPassed).toContainEqual(
    expect.objectContaining({ name: 'sha256', verdict: 'FAILED', isRequired: true }),
  );
  // Known to be damaged, it is nothing to come back to.
  const next = await begin();
  expect(next).toMatchObject({ backup: null, verificationId: null });
});

test('no backup to come back to: the next look of a worker fails it, with a signed report', async () => {
  await api.catalogue.raw`update backups set status = 'FAILED'`;
  await addBackup(api, { tiers: ['DAILY'] });
  const { id } = await begin();
  await endLeftDrills(engine);
  const ended = await drillOf(id);
  expect(ended).toMatchObject({
    status: 'FAILED',
    verdicts: { proof: 'FAILED', rto: 'FAILED', rpo: 'FAILED' },
    backup: null,
    error: { code: 'not_found', hint: expect.stringMatching(/\.$/) as string },
  });
  const files = { report: await bytesOf(report, id), signature: await bytesOf(signature, id) };
  expect(openssl({ ...files, key: ended.report!.publicKey! }).status).toBe(0);
});

test('cancelled it is UNKNOWN; the report outlives its backup; a second drill of the source is refused meanwhile', async () => {
  const answers = await Promise.all([ask(), ask()]);
  const [accepted, refused] = answers.toSorted((a, b) => a.status - b.status);
  expect(await problemOf(refused!)).toMatchObject({ code: 'locked', status: 409 });
  const running = await drillOf(DrillAccepted.parse(await accepted!.json()).id);
  await api.call(cancel, 'POST', '/x', { params: { id: running.verificationId! } });
  await runVerify(engine, running.verificationId!, never());
  expect(await drillOf(running.id)).toMatchObject({ status: 'UNKNOWN', error: { code: 'cancelled' } });

  const kept = await drill();
  const before = await bytesOf(report, kept.id);
  await api.catalogue.raw`update backups set status = 'EXPIRED' where id = ${backupId}`;
  await runRemove(engine, backupId, never());
  expect(await drillOf(kept.id)).toEqual(kept);
  expect(await bytesOf(report, kept.id)).toEqual(before);
  await api.catalogue.raw`delete from verifications`;
  expect(await drillOf(kept.id)).toEqual({ ...kept, verificationId: null });

  const page = DrillList.strict().parse(
    await (await api.call(list, 'GET', `/x?limit=1&source=${ENVIRONMENT_SOURCE_ID}`)).json(),
  );
  expect(page.meta).toEqual({ total: 2, page: 1, limit: 1 });
  expect(page.data.map(({ id }) => id)).toEqual([kept.id]);
  expect(page.plans).toMatchObject([{ schedule: 'quarterly', isEnabled: true, overdueSince: null }]);
});

test('refused: a viewer everywhere, a source that is none or disabled, a backup that is being verified', async () => {
  const { id } = await drill();
  for (const [handler, method] of [
    [list, 'GET'],
    [order, 'POST'],
    [read, 'GET'],
    [report, 'GET'],
    [signature, 'GET'],
    [key, 'GET'],
  ] as const)
    for (const [as, status] of [
      ['viewer', 403],
      [null, 401],
    ] as const)
      expect((await api.call(handler, method, '/x', { as, params: { id } })).status).toBe(status);
  expect(await problemOf(await ask({ sourceId: crypto.randomUUID() }))).toMatchObject({ code: 'not_found' });
  expect(await problemOf(await ask({ note: 'x'.repeat(501) }))).toMatchObject({ code: 'invalid' });
  await queueVerification(engine, backupId, 'bytes');
  expect(await problemOf(await ask())).toMatchObject({ code: 'locked' });
  await api.catalogue.raw`update sources set is_enabled = false`;
  try {
    expect(await problemOf(await ask())).toMatchObject({ code: 'conflict' });
  } finally {
    await api.catalogue.raw`update sources set is_enabled = true`;
  }
  expect(await api.catalogue.raw`select from drills`).toHaveLength(1);
});

test('without HOLDFAST_SECRET the drill ends unsigned and says why; a worker that has it signs; another one makes a key of its own', async () => {
  const { id, verificationId } = await begin();
  const without = { ...engine, config: { ...engine.config, secret: null } };
  await runVerify(without, verificationId!, never());
  expect((await drillOf(id)).report).toMatchObject({ publicKey: null, signatureError: { code: 'config' } });
  expect(await problemOf(await api.call(signature, 'GET', '/x', { params: { id } }))).toMatchObject({
    code: 'conflict',
  });
  await signLeftReports(without);
  await signLeftReports(engine);
  const first = (await drillOf(id)).report;
  expect(first?.publicKey).toContain('BEGIN PUBLIC KEY');
  const { secret } = (await import('#lib/platform/config.ts')).parseConfig({
    HOLDFAST_SECRET: 'another secret of the tests, as long as that',
  });
  const second = await begin();
  await runVerify({ ...engine, config: { ...engine.config, secret } }, second.verificationId!, never());
  const other = (await drillOf(second.id)).report;
  expect(other?.keyFingerprint).not.toBe(first?.keyFingerprint);
  // The older report is still checked by the key that it names.
  const files = { report: await bytesOf(report, id), signature: await bytesOf(signature, id) };
  expect(openssl({ ...files, key: first!.publicKey! }).status).toBe(0);
  expect(openssl({ ...files, key: other!.publicKey! }).status).not.toBe(0);
});

test('monthly and quarterly, by the clock: once for each due instant, whoever ticks; UNKNOWN rests a day', async () => {
  const at = (text: string): Date => new Date(text);
  await api.catalogue.raw`update sources set created_at = '2026-11-20T00:00:00Z'`;
  // The backup is of today, and the clock is the test's.
  await settings({}, { rpoHours: 8760 });
  expect(await tickDrills(engine, at('2026-12-31T23:00:00Z'))).toEqual([]);
  const ticks = await Promise.all(
    Array.from({ length: 10 }, () => tickDrills(engine, at('2027-01-01T03:00:10Z'))),
  );
  const [first, ...others] = ticks.flat();
  expect(others).toEqual([]);
  expect(first).toMatchObject({ sourceId: ENVIRONMENT_SOURCE_ID, dueAt: at('2027-01-01T03:00:00Z') });
  const jobs = await api.catalogue.raw`select data from pgboss.job where name = 'verify'`;
  const { verificationId } = await drillOf(first!.id);
  expect(jobs.map((job) => job['data'] as unknown)).toEqual([{ verificationId }]);
  expect(await drillOf(first!.id)).toMatchObject({
    cause: 'schedule',
    dueAt: '2027-01-01T03:00:00.000Z',
    requestedBy: null,
  });

  // It did not come to its end: again, but not at once.
  await api.catalogue.raw`
    update verifications set status = 'UNKNOWN', error_code = 'interrupted', error_message = 'it died', finished_at = now()`;
  await endLeftDrills(engine);
  expect(await drillOf(first!.id)).toMatchObject({ status: 'UNKNOWN', error: { code: 'interrupted' } });
  expect(await tickDrills(engine, at('2027-01-01T22:00:00Z'))).toEqual([]);
  const [again] = await tickDrills(engine, at('2027-01-02T03:01:00Z'));
  expect(again).toMatchObject({ dueAt: at('2027-01-01T03:00:00Z') });
  await runVerify(engine, (await drillOf(again!.id)).verificationId!, never());
  expect((await drillOf(again!.id)).cause).toBe('schedule');
  expect(await tickDrills(engine, at('2027-02-15T00:00:00Z'))).toEqual([]);

  await settings({ drill: 'monthly' });
  // Two missed months are one drill.
  const [monthly] = await tickDrills(engine, at('2027-03-15T00:00:00Z'));
  expect(monthly).toMatchObject({ dueAt: at('2027-03-01T03:00:00Z') });
  await settings({ drill: 'never' });
  await api.catalogue.raw`update drills set status = 'PASSED' where id = ${monthly!.id}`;
  expect(await tickDrills(engine, at('2028-01-01T04:00:00Z'))).toEqual([]);
  await settings({ drill: 'monthly' });
  await api.catalogue.raw`update sources set is_enabled = false`;
  expect(await tickDrills(engine, at('2028-01-01T04:00:00Z'))).toEqual([]);
  await api.catalogue.raw`update sources set is_enabled = true, created_at = now()`;
});

test('a worker killed in mid-drill: the next start ends it UNKNOWN interrupted, signed; then the command line drills, and openssl agrees', async () => {
  const { id, verificationId } = await begin();
  const killed = startWorkerProcess(engine.environment);
  await eventually(
    async () => {
      const [row] = await api.catalogue.raw`select phase from verifications where id = ${verificationId}`;
      return row?.['phase'] === 'restoring';
    },
    () => killed.log(),
  );
  await killed.kill('SIGKILL');
  expect((await drillOf(id)).status).toBe('IN_PROGRESS');
  // As if the time had gone by after which a silent worker counts as dead.
  await api.catalogue.raw`update workers set heartbeat_at = now() - interval '1 minute'`;
  await api.catalogue.raw`update verifications set heartbeat_at = now() - interval '1 minute'`;
  await using next = startWorkerProcess(engine.environment);
  await eventually(
    async () => (await drillOf(id)).status !== 'IN_PROGRESS',
    () => next.log(),
  );
  const ended = await drillOf(id);
  expect(ended).toMatchObject({
    status: 'UNKNOWN',
    verdicts: { proof: 'UNKNOWN', rto: 'UNKNOWN', rpo: 'PASSED' },
    error: { code: 'interrupted' },
  });
  expect(
    openssl({
      report: await bytesOf(report, id),
      signature: await bytesOf(signature, id),
      key: ended.report!.publicKey!,
    }).status,
  ).toBe(0);
  await runRecover(engine, { ownActive: () => [], isThorough: false });
  expect(await drillOf(id)).toEqual(ended);

  const cli = (...args: string[]) =>
    spawnSync('node_modules/.bin/node', ['scripts/cli.ts', 'drill', ...args], {
      env: { ...process.env, ...engine.environment, INIT_CWD: folder, NODE_ENV: 'test' },
      encoding: 'utf8',
    });
  const passed = cli('--source', 'shop', '--output', 'cli.json');
  expect(passed).toMatchObject({ status: 0, stderr: '' });
  expect(passed.stdout).toMatch(
    /^PASSED {2}drill of shop from \S+\n {2}proof .*\n {2}time .*60\.0 min \(RTO\)\n/,
  );
  const file = (name: string): Buffer => readFileSync(join(folder, name));
  expect(
    openssl({ report: file('cli.json'), signature: file('cli.json.sig'), key: file('cli.json.pem') }).status,
  ).toBe(0);

  await api.catalogue.raw`update backups set status = 'FAILED'`;
  const failed = cli('--json');
  expect(failed.status).toBe(1);
  expect(DrillReport.parse(JSON.parse(failed.stdout))).toMatchObject({
    status: 'FAILED',
    error: { code: 'not_found' },
  });
  expect(cli('--source', 'nobody').status).toBe(10);
  expect(await next.kill('SIGTERM')).toBe(0);
});
