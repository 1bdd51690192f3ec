import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './temporary-tree.ts';

const leftOut = (name: string): boolean =>
  ['.git', '.env', 'node_modules', 'backups', 'test-results', '.holdfast'].includes(name) ||
  name.startsWith('.cache');

/**
 * This tree as a clone that was installed and built would have it, with no data, no .env and no backups. Packages are
 * hard links where the file system can, so that a copy takes seconds.
 */
export function copyTree(): Disposable & { readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-clone-'));
  // The database server's user must be able to pass through.
  chmodSync(root, 0o755);
  for (const name of readdirSync(ROOT).filter((each) => !leftOut(each)))
    execFileSync('cp', ['-a', join(ROOT, name), join(root, name)]);
  const modules = [join(ROOT, 'node_modules'), join(root, 'node_modules')];
  try {
    execFileSync('cp', ['-al', ...modules], { stdio: 'ignore' });
  } catch {
    // Another file system, where no hard link can point to.
    if (existsSync(modules[1] ?? '')) rmSync(modules[1] ?? '', { recursive: true });
    execFileSync('cp', ['-a', ...modules]);
  }
  return {
    root,
    [Symbol.dispose]: () => {
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
