import { describe } from 'vitest';
import { findProgram } from '#scripts/programs.mjs';

/**
 * What a test may need beyond Node and PostgreSQL: how to tell, and how to get it. The only way to skip a test; the
 * list may only shrink (scripts/check/skips.ts holds its length).
 */
const NEEDS = {
  'a full disk': {
    isMet: () => process.platform === 'linux' && process.getuid?.() === 0,
    remedy: 'run as root on Linux, so that a small tmpfs can be mounted',
  },
  s3: {
    isMet: () => ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph'].every((name) => findProgram(name) !== null),
    remedy: 'apt-get install ceph-mon ceph-osd radosgw ceph-common',
  },
  browser: { isMet: () => findProgram('chromium') !== null, remedy: 'apt-get install chromium' },
} as const;

/** The `describe` for tests that need this: skips with the remedy in its name, but never where CI=true. */
export function describeWith(need: keyof typeof NEEDS): typeof describe | typeof describe.skip {
  const { isMet, remedy } = NEEDS[need];
  // A machine that is there to test everything fails instead: a skipped test must not look green there.
  if (isMet() || process.env['CI'] === 'true') return describe;
  process.stderr.write(`skipping tests that need ${need}: ${remedy}\n`);
  return describe.skip;
}
