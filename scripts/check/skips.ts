import { type Check, filesOf, linesMatching, textOf } from './source-files.ts';

/** The needs in tests/support/needs.ts. This number may only shrink. */
const needsMax = 3;
const gate = 'tests/support/needs.ts';
const silenced = new RegExp(
  String.raw`\b(it|test|describe|suite|ctx|context)(\.\w+)*\.(${['skip', 'only', 'todo', 'skipIf', 'runIf', 'fails'].join('|')})\b|\bx(it|describe)\(`,
);

/** A test may be skipped only through tests/support/needs.ts. */
export const skips: Check = (root) => {
  const paths = filesOf(root, /^tests\/.*\.tsx?$/).filter((path) => path !== gate);
  const complaints = paths.flatMap((path) =>
    linesMatching(root, path, silenced, `a test is silenced: "%s"; mend it, or state its need in ${gate}`),
  );
  if (filesOf(root, /^tests\/support\/needs\.ts$/).length === 0) return complaints;
  const needs = textOf(root, gate).match(/^\s+isMet:|\bisMet: \(/gm)?.length ?? 0;
  return needs > needsMax
    ? [
        ...complaints,
        `${gate}: ${String(needs)} needs where ${String(needsMax)} are allowed; install what is needed instead`,
      ]
    : complaints;
};
