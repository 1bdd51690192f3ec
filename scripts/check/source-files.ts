import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A structure check. Each complaint reads `path:line: what is wrong; what to do`. */
export type Check = (root: string) => readonly string[] | Promise<readonly string[]>;

const skipped = new Set(['node_modules', '.git', '.next', '.holdfast', '.cache', 'test-results', 'coverage']);

/** Paths relative to `root`, with `/`, of all files of ours whose path matches. */
export function filesOf(root: string, pattern: RegExp): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      // Build folders may be named anything that starts so (HOLDFAST_DIST_DIR).
      if (entry.isDirectory())
        return skipped.has(entry.name) || entry.name.startsWith('.next') ? [] : walk(path);
      return entry.isFile() ? [relative(root, path).replaceAll('\\', '/')] : [];
    });
  return walk(root)
    .filter((path) => pattern.test(path))
    .sort();
}

export const textOf = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

/** A complaint for every line that matches. */
export function linesMatching(root: string, path: string, pattern: RegExp, complaint: string): string[] {
  return textOf(root, path)
    .split('\n')
    .flatMap((line, index) =>
      pattern.test(line) ? [`${path}:${String(index + 1)}: ${complaint.replace('%s', line.trim())}`] : [],
    );
}
