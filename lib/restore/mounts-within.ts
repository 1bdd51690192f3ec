import { lstat, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isWithin } from '../core/path-within.ts';

/** `\040` is how a space is written there. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Where something is mounted at `path` or below it; the path itself first. */
export async function mountsWithin(path: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile('/proc/self/mountinfo', 'latin1');
  } catch {
    // Not Linux: another device than that of its folder tells of a mount at the path itself.
    const [own, above] = await Promise.all([lstat(path), lstat(dirname(path))]);
    return own.dev === above.dev ? [] : [path];
  }
  return text
    .split('\n')
    .map((line) => Buffer.from(unescaped(line.split(' ')[4] ?? ''), 'latin1').toString())
    .filter((place) => isWithin(place, path))
    .toSorted((a, b) => a.length - b.length);
}
