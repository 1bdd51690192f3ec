import type { ByteText } from './tree-entry.ts';

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');

/** `[a-z]`, `[!a]`, `[[:digit:]]` from just behind its bracket; null where it does not end, and the bracket stands for itself. */
function bracketOf(
  pattern: ByteText,
  start: number,
): { readonly source: string; readonly end: number } | null {
  let at = start;
  const isNegated = pattern[at] === '!' || pattern[at] === '^';
  if (isNegated) at += 1;
  let source = '';
  for (let isFirst = true; at < pattern.length; isFirst = false) {
    const character = pattern.charAt(at);
    if (character === ']' && !isFirst) return { source: `[${isNegated ? '^' : ''}${source}]`, end: at + 1 };
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(at));
    if (named !== null) {
      source += CLASSES[named[1] ?? ''] ?? '';
      at += named[0].length;
    } else if (character === '-' && !isFirst && pattern[at + 1] !== ']') {
      source += '-';
      at += 1;
    } else {
      if (character === '\\') at += 1;
      source += literal(pattern.charAt(at));
      at += 1;
    }
  }
  return null;
}

function sourceOf(pattern: ByteText): string {
  let source = '';
  for (let at = 0; at < pattern.length;) {
    const character = pattern.charAt(at);
    const bracket = character === '[' ? bracketOf(pattern, at + 1) : null;
    if (bracket !== null) {
      source += bracket.source;
      at = bracket.end;
      continue;
    }
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (character === '\\' && at + 1 < pattern.length) {
      at += 1;
      source += literal(pattern.charAt(at));
    } else source += literal(character);
    at += 1;
  }
  return source;
}

/**
 * Whether `tar --exclude` leaves a name out. As there, a pattern may begin behind any slash, covers what is below what it matches, and
 * its wildcards match slashes too. `name` is as tar is given it: `./a/b`.
 */
export function excluder(patterns: readonly ByteText[]): (name: ByteText) => boolean {
  const expressions = patterns.map(expressionOf);
  return (name) => expressions.some((expression) => expression.test(name));
}

function expressionOf(pattern: ByteText): RegExp {
  try {
    return new RegExp(`(?:^|/(?!/))${sourceOf(pattern)}(?:/|$)`, 's');
  } catch {
    // A range that runs backwards, which matches nothing.
    return /(?!)/;
  }
}
