import { describe, expect, it } from 'vitest';
import { pathFault } from '#lib/client/typed-paths.ts';

describe('what is wrong with a typed path', () => {
  it('is nothing where it is one, with a slash at its end or without', () => {
    for (const path of ['/srv', '/srv/uploads/', ' /srv/with space ']) expect(pathFault(path)).toBeNull();
  });

  it.each([
    ['', 'Give a path.'],
    ['/', 'The path must name something below "/".'],
    ['//', 'The path must name something below "/".'],
    ['srv/uploads', 'Give an absolute path: it begins with "/".'],
    [`/${'a'.repeat(1000)}`, 'The path must not be longer than 1000 characters.'],
    ['/srv/../etc', 'The path must not contain "//", "." or "..", nor end with "/".'],
    ['/srv/a\nb', 'The path must be an absolute path on one line.'],
  ])('is said in our words: %j', (typed, words) => {
    expect(pathFault(typed)).toBe(words);
  });
});
