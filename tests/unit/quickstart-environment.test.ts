import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { namesApplicationDatabase } from '#scripts/dev/application-database.ts';
import { sourceHash } from '#scripts/dev/build.ts';
import { formatEnv } from '#scripts/dev/data-folder.ts';
import { loadEnvironment } from '#scripts/load-env.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hf-env-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});
const environment = (values: Record<string, string>): NodeJS.ProcessEnv => ({ NODE_ENV: 'test', ...values });

describe('loadEnvironment', () => {
  test('the environment wins over .env, and .env over what the quickstart keeps', () => {
    mkdirSync(join(root, '.holdfast'));
    writeFileSync(join(root, '.env'), 'PORT=4000\nPGUSER=from_dotenv\n');
    writeFileSync(join(root, '.holdfast/env'), "PORT='5000'\nPGUSER='kept'\nPGDATABASE='ims_db'\n");
    const env = environment({ PORT: '3000' });
    loadEnvironment(env, root);
    expect(env).toMatchObject({
      PORT: '3000',
      PGUSER: 'from_dotenv',
      PGDATABASE: 'ims_db',
      HOLDFAST_DATA_DIR: join(root, '.holdfast'),
    });
  });

  test('works with neither file, and from a data folder named in .env', () => {
    const bare = environment({});
    loadEnvironment(bare, root);
    expect(bare['DATABASE_URL']).toBeUndefined();

    mkdirSync(join(root, 'elsewhere'));
    writeFileSync(join(root, '.env'), 'HOLDFAST_DATA_DIR=elsewhere\n');
    writeFileSync(join(root, 'elsewhere/env'), "DATABASE_URL='postgres://x'\n");
    const env = environment({});
    loadEnvironment(env, root);
    expect(env).toMatchObject({ HOLDFAST_DATA_DIR: join(root, 'elsewhere'), DATABASE_URL: 'postgres://x' });
  });
});

test('formatEnv writes what parseEnv reads back, and refuses what it could not', () => {
  const values = { A: 'plain', B: "it's", C: 'a "b" #c $d \\n', D: '`$(id)`', E: '' };
  expect(parseEnv(formatEnv(values))).toEqual(values);
  expect(() => formatEnv({ BAD: 'two\nlines' })).toThrow('BAD');
});

test('an application database is named by PGDATABASE; half a name is refused', () => {
  expect(namesApplicationDatabase(environment({}))).toBe(false);
  expect(namesApplicationDatabase(environment({ PGHOST: '', PGDATABASE: '' }))).toBe(false);
  expect(namesApplicationDatabase(environment({ PGDATABASE: 'shop' }))).toBe(true);
  expect(() => namesApplicationDatabase(environment({ PGHOST: 'db', PGUSER: 'shop' }))).toThrow(
    'PGHOST, PGUSER are set, but PGDATABASE is not',
  );
});

test('the build is stale exactly when a source, its name or the lockfile changed', () => {
  mkdirSync(join(root, 'app/api'), { recursive: true });
  writeFileSync(join(root, 'app/api/route.ts'), 'one');
  writeFileSync(join(root, 'package-lock.json'), '{}');
  const first = sourceHash(root);
  mkdirSync(join(root, 'docs'));
  writeFileSync(join(root, 'docs/page.md'), 'text');
  writeFileSync(join(root, 'next-env.d.ts'), 'written by the build');
  expect(sourceHash(root)).toBe(first);
  writeFileSync(join(root, 'app/api/route.ts'), 'two');
  const second = sourceHash(root);
  expect(second).not.toBe(first);
  writeFileSync(join(root, 'package-lock.json'), '{"a":1}');
  expect(new Set([first, second, sourceHash(root)]).size).toBe(3);
});
