import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceContext } from '../sources/source.ts';
import { isMissing } from './path-names.ts';

export interface TreeSurvey {
  /** What is below it, and it itself. */
  readonly entries: number;
  readonly files: number;
  /** Of the contents of all files. */
  readonly bytes: number;
  /** Files that were written to after the instant that was asked about. */
  readonly changed: number;
  /** There was no time, or no permission, to see everything: the numbers are too small. */
  readonly isCut: boolean;
}

/** What stands at these paths, as far as it can be counted until the time is up. Follows no link; what is not there counts nothing. */
export async function surveyTree(
  { clock, signal }: Pick<SourceContext, 'clock' | 'signal'>,
  paths: readonly string[],
  { since, limitMs }: { readonly since: Date | null; readonly limitMs: number },
): Promise<TreeSurvey> {
  const until = clock.now().getTime() + limitMs;
  const seen = { entries: 0, files: 0, bytes: 0, changed: 0, isCut: false };
  const waiting = [...paths];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    signal.throwIfAborted();
    if (clock.now().getTime() > until) return { ...seen, isCut: true };
    try {
      const stats = await lstat(path);
      seen.entries += 1;
      if (stats.isFile()) {
        seen.files += 1;
        seen.bytes += stats.size;
        if (since !== null && stats.mtime > since) seen.changed += 1;
      }
      if (!stats.isDirectory()) continue;
      for await (const { name } of await opendir(path)) waiting.push(join(path, name));
    } catch (error) {
      // Something that went away meanwhile is no fault.
      if (!isMissing(error)) seen.isCut = true;
    }
  }
  return seen;
}
