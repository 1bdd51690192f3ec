import { pathOf } from './read-tar.ts';
import { shown, type ByteText } from './tree-entry.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** A name as tar prints it with LC_ALL=C: `\n`, `\303\274`. */
const unescaped = (text: string): ByteText =>
  text.replace(/\\([0-7]{3}|.)/g, (_whole, what: string) =>
    what.length === 3 ? String.fromCharCode(Number.parseInt(what, 8)) : (ESCAPES[what] ?? what),
  );

const CHANGED = /: (?:file changed as we read it|File removed before we read it|File shrank by \d+ bytes.*)$/;
const SKIPPED = /: (?:socket|door) ignored$/;
const SHOWN_MAX = 100;

/** What tar says while it stores files: which of them were not still, and how many it left out. */
export function hearTar(): {
  readonly hear: (line: string) => void;
  readonly said: () => {
    readonly changed: readonly string[];
    readonly changedCount: number;
    readonly skipped: number;
  };
} {
  const changed: string[] = [];
  let changedCount = 0;
  let skipped = 0;
  let last = '';
  return {
    hear: (line) => {
      if (SKIPPED.test(line)) skipped += 1;
      if (!CHANGED.test(line)) return;
      const name = line.replace(CHANGED, '').replace(/^[^:]+: /, '');
      // A file that shrank has changed too, and tar says both.
      if (name === last) return;
      last = name;
      changedCount += 1;
      if (changed.length < SHOWN_MAX) changed.push(shown(pathOf(unescaped(name))));
    },
    said: () => ({ changed, changedCount, skipped }),
  };
}
