/*
 * Preloaded into a worker (`--import`), so that it can be killed between two renames: the HELD_RENAME-th rename (from 0) of the path that HELD_PATH
 * names, of what is below it, or to it, tells of itself and is never done; with HELD_HOW=fails it fails, and the others are done.
 */
import { writeSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const path = process.env['HELD_PATH'] ?? '';
const held = Number(process.env['HELD_RENAME']);
const { rename } = promises;
const isMeant = (name: unknown): boolean =>
  typeof name === 'string' && (name === path || name.startsWith(`${path}/`) || name.startsWith(`${path}-`));

let count = 0;
promises.rename = (from, to) => {
  if (!isMeant(from) && !isMeant(to)) return rename(from, to);
  count += 1;
  if (count !== held + 1) return rename(from, to);
  if (process.env['HELD_HOW'] === 'fails')
    return Promise.reject(Object.assign(new Error('EACCES: refused by the test'), { code: 'EACCES' }));
  writeSync(2, `held before rename ${String(held)}\n`);
  return new Promise(() => undefined);
};
syncBuiltinESMExports();
