import { AppError } from '../core/errors.ts';

const keyMaxBytes = 1024;
/** Leaves room for `.partial-<run>` in the 255 bytes most file systems give a name. */
const partMaxBytes = 180;
const partPattern = /^[A-Za-z0-9._+@=-]+$/;
const partialPattern = /\.partial-[A-Za-z0-9_-]{1,64}$/;

function flaw(key: string): string | null {
  if (key === '') return 'is empty';
  if (key.length > keyMaxBytes) return `is longer than ${String(keyMaxBytes)} bytes`;
  for (const part of key.split('/')) {
    if (part === '') return 'starts or ends with "/" or contains "//"';
    if (part === '.' || part === '..') return 'contains "." or ".." as a folder';
    if (!partPattern.test(part)) return 'contains a character other than A-Z a-z 0-9 . _ + @ = -';
    if (part.length > partMaxBytes) return `has a name longer than ${String(partMaxBytes)} bytes`;
  }
  return partialPattern.test(key) ? 'looks like the name of an unfinished file' : null;
}

/** Whether `key` may name an object; what is not may lie in a bucket or folder, but is not ours. */
export function isObjectKey(key: string): boolean {
  return flaw(key) === null;
}

/** Throws `invalid` unless `key` may name an object. */
export function requireObjectKey(key: string): void {
  const reason = flaw(key);
  if (reason === null) return;
  throw new AppError('invalid', `the object key ${reason}`, {
    hint: 'Use letters, digits and ". _ + @ = -" in the name, with "/" between folders.',
    // Cut and quoted: the key may be megabytes long or hold control characters.
    fields: { key: JSON.stringify(key.slice(0, 100)) },
  });
}

/** Throws `invalid` unless some object key could start with `prefix`; the empty prefix names all objects. */
export function requireKeyPrefix(prefix: string): void {
  if (prefix === '') return;
  requireObjectKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

/** The name under which a put writes until its body has ended. */
export function partialName(key: string, runId: string): string {
  return `${key}.partial-${runId.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64)}`;
}

/** Whether a file of this key is what an interrupted put left. */
export function isPartialName(key: string): boolean {
  return partialPattern.test(key) && isObjectKey(key.replace(partialPattern, ''));
}
