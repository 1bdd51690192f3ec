import type { Facts } from '../contracts/facts.ts';
import { humanBytes } from '../core/bytes.ts';
import { keysText } from './held-words.ts';

/** One line of a comparison of what is no table. */
export interface HeldDifference {
  readonly name: string;
  readonly a: string;
  readonly b: string;
  readonly isSame: boolean;
}

const line = (name: string, a: string, b: string, isSame = a === b): HeldDifference => ({
  name,
  a,
  b,
  isSame,
});
const figure = (count: number): string => count.toLocaleString('en');

/** What differs between two backups of files by what their manifests tell; which files differ they do not. Null where one tells nothing. */
export function compareFiles(
  { files: a }: Pick<Facts, 'files'>,
  { files: b }: Pick<Facts, 'files'>,
): readonly HeldDifference[] | null {
  if (a === null || b === null) return null;
  const content = a.fingerprint === b.fingerprint;
  const properties = a.properties === b.properties;
  return [
    line('Files', figure(a.files), figure(b.files)),
    line('Folders', figure(a.directories), figure(b.directories)),
    line('Links', figure(a.links), figure(b.links)),
    line('Size of all files', humanBytes(a.bytes), humanBytes(b.bytes), a.bytes === b.bytes),
    line('Names and contents', a.fingerprint.slice(0, 8), b.fingerprint.slice(0, 8), content),
    line('Modes, owners and times', a.properties.slice(0, 8), b.properties.slice(0, 8), properties),
  ];
}

/** The same of two backups of a Redis server, database by database. */
export function compareKeys(
  { keys: a }: Pick<Facts, 'keys'>,
  { keys: b }: Pick<Facts, 'keys'>,
): readonly HeldDifference[] | null {
  if (a === null || b === null) return null;
  const indexes = [...new Set([...a.databases, ...b.databases].map(({ index }) => index))];
  const shown = (keys: typeof a, index: number): string =>
    keysText(keys.databases.find((database) => database.index === index) ?? { before: 0, after: 0 });
  return indexes
    .toSorted((one, other) => one - other)
    .map((index) => line(`Database ${String(index)}`, shown(a, index), shown(b, index)));
}
