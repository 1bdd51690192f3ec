import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeApi } from '../support/openapi.ts';
import { ROOT } from '../support/temporary-tree.ts';

/** Routes that are not the API's: what they answer is no contract of a noun. */
const OTHERS = [
  'app/api/auth/[...nextauth]',
  'app/api/health/live',
  'app/api/health/ready',
  'app/api/v1/download/[id]',
];

test('docs/openapi.json is what the routes take and answer; `npm run docs:openapi` writes it anew', async () => {
  await expect(`${JSON.stringify(await describeApi(), null, 2)}\n`).toMatchFileSnapshot(
    '../../docs/openapi.json',
  );
});

test('every route file is in it, and nothing refers to what is not', () => {
  const text = readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8');
  const { paths, components } = JSON.parse(text) as {
    paths: Record<string, object>;
    components: { schemas: Record<string, object> };
  };
  const files = globSync('app/api/**/route.ts', { cwd: ROOT }).map((file) =>
    file.slice(0, -'/route.ts'.length),
  );
  const missing = files.filter(
    (file) => !(file.slice(3).replaceAll('[', '{').replaceAll(']', '}') in paths) && !OTHERS.includes(file),
  );
  expect(missing).toEqual([]);
  const references = [...text.matchAll(/"\$ref": "#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(references.length).toBeGreaterThan(20);
  expect(references.filter((name) => name === undefined || !(name in components.schemas))).toEqual([]);
});
