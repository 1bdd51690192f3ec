import type { FileFacts } from '../../contracts/facts.ts';
import { countOf, failed, listNames, passed, unknown, type Judged } from '../judged.ts';
import type { TreeFacts } from './tree-facts.ts';

const countsOf = ({ files, directories, links, bytes }: TreeFacts): string =>
  [
    countOf(files, 'file'),
    countOf(directories, 'folder'),
    countOf(links, 'link'),
    countOf(bytes, 'byte'),
  ].join(', ');

const COUNTED = { files: 'file', directories: 'folder', links: 'link', bytes: 'byte' } as const;

function differences(expected: TreeFacts, found: TreeFacts): string {
  const counted = Object.keys(COUNTED) as (keyof typeof COUNTED)[];
  return counted
    .filter((key) => expected[key] !== found[key])
    .map((key) => {
      const less = expected[key] - found[key];
      return `${countOf(Math.abs(less), COUNTED[key])} ${less > 0 ? 'missing' : 'too many'}`;
    })
    .join('; ');
}

/** Holds what a tree adds up to against what it must. Where owners, modes and times differ, `whyNoProperties` says why this
 * place cannot show them, or null. */
export async function compareFiles(
  expected: TreeFacts,
  found: TreeFacts,
  whyNoProperties: () => Promise<string | null>,
): Promise<Judged[]> {
  const said = [countsOf(expected), countsOf(found)] as const;
  const difference = differences(expected, found);
  // What is missing has changed the content and the times of its folder too, and is one fault.
  if (difference !== '') return [failed('files', ...said, difference)];
  return [
    passed('files', ...said),
    expected.fingerprint === found.fingerprint
      ? passed('content', expected.fingerprint, found.fingerprint)
      : failed(
          'content',
          expected.fingerprint,
          found.fingerprint,
          'there is as much as there was, and not the same content, names or targets of links in it',
        ),
    await compareProperties(expected.properties, found.properties, whyNoProperties),
  ];
}

async function compareProperties(
  expected: string,
  found: string,
  whyNoProperties: () => Promise<string | null>,
): Promise<Judged> {
  if (expected === found) return passed('properties', expected, found);
  const reason = await whyNoProperties();
  if (reason !== null) return unknown('properties', false, reason, expected, found);
  return failed('properties', expected, found, 'modes, owners or times are not what they were');
}

/** What was not still when it was read is in the archive as it was read, perhaps half old and half new. */
export function judgeChanged({ changed, changedCount }: FileFacts): Judged[] {
  if (changedCount === 0) return [];
  const paths = countOf(changedCount, 'path');
  const reason = `${paths} changed or went away while the backup read them: ${listNames(changed)}`;
  return [unknown('changed', false, reason, 'no path that changed while it was read', paths)];
}
