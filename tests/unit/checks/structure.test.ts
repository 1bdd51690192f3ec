import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adapters } from '#scripts/check/adapters.ts';
import { errorTexts } from '#scripts/check/error-texts.ts';
import { migrations } from '#scripts/check/migrations.ts';
import { names } from '#scripts/check/names.ts';
import { privatePlaces } from '#scripts/check/private-places.ts';
import { skips } from '#scripts/check/skips.ts';
import { filesOf, type Check } from '#scripts/check/source-files.ts';
import { ROOT, temporaryTree } from '../../support/temporary-tree.ts';

async function complaintsOf(check: Check, files: Record<string, string>): Promise<readonly string[]> {
  using tree = temporaryTree(files);
  return await check(tree.root);
}
const word = (...parts: string[]): string => parts.join('');

describe('names', () => {
  it.each([
    ['lib/core/utils.ts', 'export const one = 1;', 'says nothing'],
    ['lib/core/index.ts', 'export const one = 1;', 'says nothing'],
    ['components/ui/MyButton.tsx', 'export const one = 1;', 'kebab-case'],
    ['lib/core/all.ts', "export * from './one.ts';\nexport { two } from './two.ts';\n", 'passes exports on'],
    ['db/queries/backups.ts', 'export const one = 1;', 'singular'],
    ['app/api/v1/thing/parse.ts', 'export const one = 1;', 'only route.ts'],
    ['app/api/v1/thing/route.ts', 'export const one = 1;\n'.repeat(61), 'longer than'],
  ])('complains of %s', async (path, text, part) => {
    expect(await complaintsOf(names, { [path]: text })).toEqual([expect.stringContaining(part)]);
  });

  it('is silent about good names', async () => {
    const files = {
      'lib/core/archive-name.ts': "import { one } from './one.ts';\nexport const two = one + 1;\n",
      'app/api/v1/thing/route.ts': 'export const one = 1;\n',
      'lib/http/route.ts': 'export const one = 1;\n'.repeat(100),
      'db/schema/backup.ts': 'export const one = 1;\n',
      'vitest.config.ts': 'export default {};\n',
    };
    expect(await complaintsOf(names, files)).toEqual([]);
  });
});

describe('error texts', () => {
  const source = (call: string) => ({
    'lib/core/one.ts': `import { AppError } from './errors.ts';\nexport const one = (name: string) => ${call};\n`,
  });

  it.each([
    ["new AppError('bug', 'Something broke')", 'capital'],
    ["new AppError('bug', 'something broke.')", 'full stop'],
    ['new AppError("bug", `${name} broke.`)', 'full stop'],
    ["new AppError('bug', 'something broke', { hint: 'look at the log' })", 'hint'],
  ])('complains of %s', async (call, part) => {
    const complaints = await complaintsOf(errorTexts, source(call));
    expect(complaints).toEqual([expect.stringContaining(part)]);
    expect(complaints[0]).toMatch(/^lib\/core\/one\.ts:2: /);
  });

  it.each([
    "new AppError('bug', 'something broke')",
    "new AppError('bug', `${name} broke`, { hint: 'Look at the log.' })",
    "new AppError('config', 'BACKUP_STORAGE is wrong')",
    "new AppError('usage', 'no name', { hint: 'Make one with: npm run holdfast' })",
    "new AppError('usage', 'no name', { hint: `Make one with: NAME=${name} npm run holdfast` })",
  ])('is silent about %s', async (call) => {
    expect(await complaintsOf(errorTexts, source(call))).toEqual([]);
  });
});

describe('private places', () => {
  it.each([
    ['lib/one.ts', word("const a = '/wo", "rk/main/x';"), 'path of one machine'],
    ['README.md', word('Go to /ho', 'me/somebody/holdfast.'), 'path of one machine'],
    ['package-lock.json', word('{ "resolved', '": "https://mirror.example.test/a.tgz" }'), 'registry'],
    ['docs/one.md', word('https://regis', 'try.example.test/npm'), 'registry host'],
    ['lib/two.ts', `${'<'.repeat(7)} ours\n`, 'merge'],
  ])('complains of %s', async (path, text, part) => {
    expect(await complaintsOf(privatePlaces, { [path]: text })).toEqual([expect.stringContaining(part)]);
  });

  it('is silent about ordinary text', async () => {
    const files = {
      'lib/one.ts': "export const bin = '/usr/lib/postgresql'; // do the work/rest\n",
      'README.md': 'The worker reads worker/main.ts and https://example.test/docs.\n',
    };
    expect(await complaintsOf(privatePlaces, files)).toEqual([]);
  });
});

describe('skips', () => {
  it.each(['skip', 'only', 'todo', 'skipIf', 'runIf'])('complains of a test with .%s', async (how) => {
    const files = { 'tests/unit/one.test.ts': `it.${how}('works', () => {});\n` };
    expect(await complaintsOf(skips, files)).toEqual([
      expect.stringMatching(/^tests\/unit\/one\.test\.ts:1: /),
    ]);
  });

  it('complains of one need more than allowed', async () => {
    const files = { 'tests/support/needs.ts': '    isMet: () => true,\n'.repeat(4) };
    expect(await complaintsOf(skips, files)).toEqual([expect.stringContaining('4 needs where 3')]);
  });

  it('is silent about the gate itself and about tests that run', async () => {
    const files = {
      'tests/support/needs.ts': `export const one = ${word('describe.', 'skip')};\n    isMet: () => true,\n`,
      'tests/unit/one.test.ts': "it('skips nothing', () => {});\n",
    };
    expect(await complaintsOf(skips, files)).toEqual([]);
  });
});

describe('adapters', () => {
  it('complains of an adapter without a contract test, and of one that lies elsewhere', async () => {
    const files = { 'lib/storage/tape/drive.ts': '', 'lib/storage/disk/disk-storage.ts': '' };
    expect(await complaintsOf(adapters, files)).toEqual([
      expect.stringContaining('tests/contract/disk-storage.test.ts'),
      expect.stringContaining('lib/storage/tape/tape-storage.ts: is not there'),
      expect.stringContaining('tests/contract/tape-storage.test.ts'),
    ]);
  });

  it('asks no contract of the only adapter of its kind', async () => {
    expect(await complaintsOf(adapters, { 'lib/sources/tape/tape-source.ts': '' })).toEqual([]);
  });

  it('is silent about an adapter that has one', async () => {
    const files = {
      'lib/sources/tape/tape-source.ts': '',
      'tests/contract/tape-source.test.ts': '',
      'lib/sources/disk/disk-source.ts': '',
      'tests/contract/disk-source.test.ts': '',
    };
    expect(await complaintsOf(adapters, files)).toEqual([]);
  });
});

describe('migrations', () => {
  /** A copy of what drizzle-kit reads. */
  function copy(): Disposable & { readonly root: string } {
    const tree = temporaryTree({ 'package.json': readFileSync(join(ROOT, 'package.json'), 'utf8') });
    for (const folder of ['drizzle', 'db/schema', 'lib/contracts', 'lib/core']) {
      mkdirSync(join(tree.root, folder), { recursive: true });
      cpSync(join(ROOT, folder), join(tree.root, folder), { recursive: true });
    }
    return tree;
  }

  it('is silent when the migrations lead to the schema, and leaves nothing behind', async () => {
    using tree = copy();
    const before = readdirSync(tree.root);
    expect(await migrations(tree.root)).toEqual([]);
    expect(readdirSync(tree.root)).toEqual(before);
  });

  it('complains of a column that no migration makes', async () => {
    using tree = copy();
    const path = join(tree.root, 'db/schema/setting.ts');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace("key: text('key')", "extra: text('extra'),\n  key: text('key')"),
    );
    expect(await migrations(tree.root)).toEqual([expect.stringContaining('do not lead to this schema')]);
  });
});

describe('the files that are looked at', () => {
  it('are ours only', () => {
    const paths = filesOf(ROOT, /\.ts$/);
    expect(paths).toContain('lib/core/errors.ts');
    expect(paths.filter((path) => /^(node_modules|\.next|\.git)/.test(path))).toEqual([]);
  });

  it('leave out built folders', () => {
    using tree = temporaryTree({ '.next/one.ts': '', '.next-e2e/two.ts': '', 'lib/core/three.ts': '' });
    expect(existsSync(join(tree.root, '.next/one.ts'))).toBe(true);
    expect(filesOf(tree.root, /\.ts$/)).toEqual(['lib/core/three.ts']);
  });
});
