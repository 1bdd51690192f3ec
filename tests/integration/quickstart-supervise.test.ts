import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityOf } from '#lib/tools/process-identity.ts';
import { lineForTerminal, superviseService, type Service } from '#scripts/dev/supervise.ts';

let folder: string;
let said: string[];
let gaveUp: string[];
let services: Service[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-sv-'));
  said = [];
  gaveUp = [];
  services = [];
});
afterEach(async () => {
  for (const service of services) await service.stop();
  rmSync(folder, { recursive: true });
});

function run(script: string, stopLimitMs = 5000): Service {
  const service = superviseService({
    name: 'worker',
    args: ['--eval', script],
    cwd: folder,
    env: process.env,
    logFile: join(folder, 'worker.log'),
    stopLimitMs,
    say: (line) => said.push(line),
    onChange: () => undefined,
    onGiveUp: (reason) => gaveUp.push(reason),
  });
  services.push(service);
  return service;
}
const log = () => readFileSync(join(folder, 'worker.log'), 'utf8');
const forever = 'setInterval(() => {}, 1000);';

test('what is killed after it was ready is started again, and says so', async () => {
  const service = run(`console.log('up'); ${forever}`);
  await expect.poll(log).toBe('up\n');
  service.markReady();
  const { pid } = service.record()!;
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => service.record()?.pid ?? pid, { timeout: 10_000 }).not.toBe(pid);
  expect(said).toEqual([expect.stringMatching(/^The worker ended \(SIGKILL\)\. Starting it again in 1 s/)]);
  await expect.poll(log).toBe('up\nup\n');
  expect(gaveUp).toEqual([]);
});

test('what dies before it was ready is not started again', async () => {
  const service = run("console.error('no such thing'); process.exit(20);");
  await expect.poll(() => gaveUp).toEqual(['the worker ended (exit code 20)']);
  expect(service.record()).toBeNull();
  expect(said).toEqual(['worker | no such thing']);
});

test('stops cleanly when asked; one that will not is killed after its limit', async () => {
  const polite = run(
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); console.log('up'); ${forever}`,
  );
  await expect.poll(log).toBe('up\n');
  const first = polite.record()!;
  await polite.stop();
  expect(identityOf(first.pid)).toBeNull();
  expect(log()).toBe('up\nbye\n');
  expect(said).toEqual([]);

  const stubborn = run(`process.on('SIGTERM', () => {}); console.log('deaf'); ${forever}`, 300);
  await expect.poll(log).toContain('deaf');
  const second = stubborn.record()!;
  await stubborn.stop();
  expect(identityOf(second.pid)).toBeNull();
  expect(said).toEqual([expect.stringContaining('did not stop within 0.3 s')]);
  expect(gaveUp).toEqual([]);
});

test('the terminal gets warnings and errors, the log everything', () => {
  expect(lineForTerminal('{"level":"info","msg":"ticked"}', 'stderr')).toBeNull();
  expect(lineForTerminal('{"level":"warn","msg":"late"}', 'stderr')).toBe('warn: late');
  expect(lineForTerminal('{"level":"error","msg":"failed","error":{"message":"no route"}}', 'stderr')).toBe(
    'error: failed (no route)',
  );
  expect(lineForTerminal('GET / 200', 'stdout')).toBeNull();
  expect(lineForTerminal('TypeError: x', 'stderr')).toBe('TypeError: x');
});
