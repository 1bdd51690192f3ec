import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runLimited } from '#scripts/check/run-limited.ts';
import { ROOT, temporaryTree } from '../../support/temporary-tree.ts';

/** What dependency-cruiser says of these files, by our own rules. */
async function cruise(files: Record<string, string>): Promise<{ isGood: boolean; output: string }> {
  using tree = temporaryTree(files);
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(join(ROOT, name), join(tree.root, name));
  const folders = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))];
  return await runLimited(
    [join(ROOT, 'node_modules/.bin/depcruise'), ...folders, '--config', '.dependency-cruiser.cjs'],
    { cwd: tree.root, limitMs: 60_000 },
  );
}

describe('boundaries', () => {
  it.each<[string, string, Record<string, string>]>([
    [
      'a route that reaches a child process over three steps, by # names',
      'the web never starts a process',
      {
        'app/api/x/route.ts': "import { a } from '#lib/services/a.ts';\nexport const GET = a;\n",
        'lib/services/a.ts': "import { b } from '#lib/platform/b.ts';\nexport const a = b;\n",
        'lib/platform/b.ts': "import { c } from '../tools/c.ts';\nexport const b = c;\n",
        'lib/tools/c.ts': "import { spawn } from 'node:child_process';\nexport const c = spawn;\n",
      },
    ],
    [
      'a proxy that reaches a child process',
      'the web never starts a process',
      {
        'proxy.ts': "import { a } from './lib/http/a.ts';\nexport const proxy = a;\n",
        'lib/http/a.ts': "import { c } from '../tools/c.ts';\nexport const a = c;\n",
        'lib/tools/c.ts': "import { spawn } from 'node:child_process';\nexport const c = spawn;\n",
      },
    ],
    [
      'a component that imports db by its # name',
      'ring ^components/',
      {
        'components/ui/one.tsx': "import { two } from '#db/two.ts';\nexport const one = two;\n",
        'db/two.ts': 'export const two = 2;\n',
      },
    ],
    [
      'a type-only import out of its ring',
      'ring ^lib/core/',
      {
        'lib/core/one.ts': "import type { Two } from '#lib/platform/two.ts';\nexport type One = Two;\n",
        'lib/platform/two.ts': 'export type Two = 2;\n',
      },
    ],
    [
      'one adapter that imports another',
      'no sibling adapters',
      {
        'lib/storage/one/one-storage.ts':
          "import { two } from '#lib/storage/two/two-storage.ts';\nexport const one = two;\n",
        'lib/storage/two/two-storage.ts': 'export const two = 2;\n',
      },
    ],
    [
      'an adapter taken past its registry',
      'adapters: no way in but the registry',
      {
        'lib/engine/one.ts':
          "import { two } from '#lib/storage/two/two-storage.ts';\nexport const one = two;\n",
        'lib/storage/two/two-storage.ts': 'export const two = 2;\n',
      },
    ],
    [
      'a cycle, by # names',
      'no cycles',
      {
        'lib/core/one.ts': "import { two } from '#lib/core/two.ts';\nexport const one = () => two;\n",
        'lib/core/two.ts': "import { one } from '#lib/core/one.ts';\nexport const two = () => one;\n",
      },
    ],
    [
      'a process started outside lib/tools',
      'processes start in lib/tools only',
      { 'lib/engine/one.ts': "import { spawn } from 'node:child_process';\nexport const one = spawn;\n" },
    ],
    [
      'code that imports tests',
      'nothing imports tests',
      {
        'worker/main.ts': "import { two } from '#tests/support/two.ts';\nexport const one = two;\n",
        'tests/support/two.ts': 'export const two = 2;\n',
      },
    ],
  ])('complain of %s', async (_what, rule, files) => {
    const { isGood, output } = await cruise(files);
    expect(output).toContain(rule);
    expect(isGood).toBe(false);
  });

  it('are silent about imports that point inwards', async () => {
    const { isGood, output } = await cruise({
      'app/api/x/route.ts': "import { a } from '#lib/services/a.ts';\nexport const GET = a;\n",
      'lib/services/a.ts': "import { b } from '#db/b.ts';\nexport const a = b;\n",
      'db/b.ts': "import { c } from '#lib/core/c.ts';\nexport const b = c;\n",
      'lib/core/c.ts': 'export const c = 1;\n',
      'lib/tools/d.ts': "import { spawn } from 'node:child_process';\nexport const d = spawn;\n",
      'lib/engine/e.ts': "import { d } from '#lib/tools/d.ts';\nexport const e = d;\n",
    });
    expect(output).toContain('no dependency violations found');
    expect(isGood).toBe(true);
  });
});
