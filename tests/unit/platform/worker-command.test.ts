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
  expect(read('docker-compose.yml')).toContain(`command: [${words.map((word) => `'${word}'`).join(', ')}]`);
});
