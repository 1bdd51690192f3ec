import { AbsolutePath, RelativePath } from '../contracts/path.ts';

/** As people write a folder: with a slash at its end or without. */
export const trimmedPath = (path: string): string => path.trim().replace(/(?<=.)\/+$/, '');

/** Why a typed path is none, in words; null where it is one. */
export function pathFault(typed: string): string | null {
  const path = trimmedPath(typed);
  if (path === '') return 'Give a path.';
  const [issue] = AbsolutePath.safeParse(path).error?.issues ?? [];
  return issue === undefined
    ? null
    : path.startsWith('/')
      ? `The path ${issue.message}.`
      : 'Give an absolute path: it begins with "/".';
}

/** What stands in a box that takes one a line. */
export const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Paths below the source's, one a line, as people write them: `./docker/nginx.conf`, `uploads/`. */
export const relativePaths = (text: string): string[] =>
  linesOf(text).map((line) => line.replace(/^(?:\.\/+)+(?=.)/, '').replace(/(?<=.)\/+$/, ''));

/** Why one of them is no path below the source's, in words; null where all are. */
export function relativePathsFault(text: string): string | null {
  const wrong = relativePaths(text).find((path) => !RelativePath.safeParse(path).success);
  return wrong === undefined
    ? null
    : `“${wrong}” is no path below the folder: write it without a leading "/" and without "..".`;
}
