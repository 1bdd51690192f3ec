import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WORKER_COMMAND } from '#lib/platform/worker-command.ts';

const root = join(import.meta.dirname, '../../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const variables = Object.entries(WORKER_COMMAND.env).map(([name, value]) => `${name}=${value}`);

test('npm run worker starts it the same way', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { worker: string } };
  const words = scripts.worker.split(' ');
  expect(words.slice(0, variables.length)).toEqual(variables);
  expect(words).toEqual(expect.arrayContaining([...WORKER_COMMAND.nodeArgs]));
  expect(words.at(-1)).toBe(WORKER_COMMAND.script);
});

test('docker-compose.yml starts it the same way', () => {
  const words = ['env', ...variables, 'node', ...WORKER_COMMAND.nodeArgs, WORKER_COMMAND.script];
  const inOneLine = read('docker-compose.yml').replaceAll(/\s+/g, ' ');
  expect(inOneLine).toContain(`command: [ ${words.map((word) => `'${word}'`).join(', ')}, ]`);
});

test('chunks that have passed are collected every few megabytes', () => {
  const passing = `
    let most = 0;
    for (let passed = 0; passed < 2000; passed += 1) {
      Buffer.allocUnsafeSlow(64 * 1024);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    process.stdout.write(String(most));`;
  const most = execFileSync(process.execPath, [...WORKER_COMMAND.nodeArgs, '-e', passing], {
    encoding: 'utf8',
  });
  // Without the flag, which a new V8 may understand differently, it is 64 MB.
  expect(Number(most) / 1e6).toBeLessThan(16);
});
