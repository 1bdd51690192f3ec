import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Check } from './source-files.ts';

const remedy = 'run "npm run db:generate -- --name <what>" and commit what it writes';

function drizzleKit(root: string, ...args: string[]): { readonly ok: boolean; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin/drizzle-kit'),
    // With --out and --schema it reads no configuration file, so the copy alone is written to.
    args,
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return { ok: status === 0, output: `${stdout}${stderr}`.trim() };
}

/** The migrations lead to exactly the schema of db/schema, and their chain is whole. */
export const migrations: Check = (root) => {
  // drizzle-kit takes paths relative to the working folder only.
  const copy = mkdtempSync(join(root, '.cache-drizzle-'));
  try {
    cpSync(join(root, 'drizzle'), copy, { recursive: true });
    const before = new Set(readdirSync(copy));
    const out = ['--dialect', 'postgresql', '--out', relative(root, copy)];
    const generated = drizzleKit(root, 'generate', ...out, '--schema', './db/schema/*.ts');
    if (!generated.ok) return [`drizzle: drizzle-kit generate failed: ${generated.output}; mend db/schema`];
    const added = readdirSync(copy).filter((name) => !before.has(name));
    const checked = drizzleKit(root, 'check', ...out);
    return [
      ...(added.length === 0 ? [] : [`db/schema: the migrations do not lead to this schema; ${remedy}`]),
      ...(checked.ok ? [] : [`drizzle: the chain of migrations is broken: ${checked.output}; ${remedy}`]),
    ];
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};
