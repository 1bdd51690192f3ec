import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../support/temporary-tree.ts';

const drizzle = `
import { drizzle } from 'drizzle-orm/postgres-js';
import { pgTable, text } from 'drizzle-orm/pg-core';
const table = pgTable('one', { key: text('key') });
export async function run(): Promise<void> {
  const db = drizzle.mock();
  await Promise.resolve();
`;
const cases: readonly {
  readonly what: string;
  readonly path: string;
  readonly rule: string;
  readonly text: string;
}[] = [
  {
    what: 'a query that is never awaited, so never runs',
    path: 'lib/services/floating.ts',
    rule: '@typescript-eslint/no-floating-promises',
    text: `${drizzle}  db.insert(table).values({ key: 'a' });\n}\n`,
  },
  {
    what: 'a delete of every row',
    path: 'lib/services/delete.ts',
    rule: 'drizzle/enforce-delete-with-where',
    text: `${drizzle}  await db.delete(table);\n}\n`,
  },
  {
    what: 'the environment outside the configuration',
    path: 'lib/services/environment.ts',
    rule: 'no-restricted-properties',
    text: "export const one = process.env['HOME'];\n",
  },
  {
    what: 'the clock outside the clock',
    path: 'lib/services/now.ts',
    rule: 'no-restricted-syntax',
    text: 'export const one = new Date();\n',
  },
  {
    what: 'Date.now',
    path: 'lib/services/date-now.ts',
    rule: 'no-restricted-properties',
    text: 'export const one = Date.now();\n',
  },
  {
    what: 'a shell, even in scripts',
    path: 'scripts/dev/shell.ts',
    rule: 'no-restricted-syntax',
    text: 'export const one = { shell: true };\n',
  },
  {
    what: 'console',
    path: 'lib/services/print.ts',
    rule: 'no-console',
    text: "console.log('one');\n",
  },
  {
    what: 'something thrown that is no Error',
    path: 'lib/services/thrown.ts',
    rule: '@typescript-eslint/only-throw-error',
    text: "export const one = () => {\n  throw 'one';\n};\n",
  },
];
const clean = {
  path: 'lib/services/clean.ts',
  text: `${drizzle}  await db.insert(table).values({ key: 'a' });\n}\nexport const at = (ms: number) => new Date(ms);\n`,
};

describe('lint', () => {
  let root = '';
  let found = new Map<string, readonly (string | null)[]>();

  beforeAll(async () => {
    // Beside node_modules, because typed rules resolve packages from the file.
    root = mkdtempSync(join(ROOT, '.cache-lint-'));
    for (const { path, text } of [...cases, clean]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    writeFileSync(
      join(root, 'tsconfig.json'),
      JSON.stringify({ extends: '../tsconfig.json', include: ['**/*.ts'], exclude: [] }),
    );
    const own = (await import(join(ROOT, 'eslint.config.mjs'))) as { default: { ignores?: string[] }[] };
    const eslint = new ESLint({ cwd: root, overrideConfigFile: true, overrideConfig: own.default as never });
    const results = await eslint.lintFiles(['**/*.ts']);
    found = new Map(
      results.map(({ filePath, messages }) => [
        filePath.slice(root.length + 1),
        messages.map(({ ruleId }) => ruleId),
      ]),
    );
  });
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it.each(cases)('complains of $what', ({ path, rule }) => {
    expect(found.get(path)).toEqual([rule]);
  });

  it('is silent about clean code', () => {
    expect(found.get(clean.path)).toEqual([]);
  });
});
