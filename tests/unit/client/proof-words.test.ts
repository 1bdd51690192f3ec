import { describe, expect, test } from 'vitest';
import type { Proof } from '#lib/contracts/backup.ts';
import { proofWords } from '#lib/client/proof-words.ts';

const now = new Date('2026-11-21T12:00:00Z');
const ago = (hours: number): string => new Date(now.getTime() - hours * 3_600_000).toISOString();
const words = (proof: Partial<Proof>, status: 'COMPLETED' | 'FAILED' = 'COMPLETED') =>
  proofWords(
    {
      status,
      proof: {
        state: 'NEVER',
        provenAt: null,
        bytesFineAt: null,
        failedAt: null,
        recoveryMs: null,
        lastVerificationId: null,
        lastStatus: null,
        lastError: null,
        ...proof,
      },
    },
    now,
  );
const error = { code: 'wrong_key', message: 'no identity file is configured', hint: 'Set one.' };

describe('proofWords', () => {
  test('says proven with its age', () => {
    expect(words({ state: 'PROVEN', provenAt: ago(2), bytesFineAt: ago(2) })).toMatchObject({
      look: 'PROVEN',
      text: 'proven 2 h ago',
    });
  });

  test('says bytes fine once they were read well after the proof, and not just after it', () => {
    const proven = { state: 'PROVEN', provenAt: ago(40 * 24) } as const;
    expect(words({ ...proven, bytesFineAt: ago(20) })).toMatchObject({
      look: 'BYTES_FINE',
      text: 'bytes fine, last proven 40 days ago',
    });
    expect(words({ ...proven, bytesFineAt: ago(40 * 24 - 1) })?.text).toBe('proven 40 days ago');
  });

  test('says failed with the reason, though it was proven before', () => {
    const failed = words({
      state: 'FAILED',
      provenAt: ago(30),
      failedAt: ago(1),
      lastStatus: 'FAILED',
      lastError: { ...error, message: 'a row is missing' },
    });
    expect(failed).toMatchObject({ look: 'FAILED', text: 'failed 1 h ago' });
    expect(failed?.detail[0]).toBe('The last verification failed: A row is missing.');
  });

  test('tells never from an attempt that could not show it', () => {
    expect(words({})).toMatchObject({ look: 'NEVER', text: 'never' });
    const unknown = words({ lastStatus: 'UNKNOWN', lastError: error });
    expect(unknown?.look).toBe('UNKNOWN');
    expect(unknown?.detail).toEqual([
      'The last attempt could not show it: No identity file is configured.',
      'Set one.',
    ]);
  });

  test('keeps a proof whose later check could not be made, and says so', () => {
    const kept = words({ state: 'PROVEN', provenAt: ago(3), lastStatus: 'UNKNOWN', lastError: error });
    expect(kept?.text).toBe('proven 3 h ago');
    expect(kept?.detail.join(' ')).toContain('could not show it');
  });

  test('says being verified whatever was known before, and nothing of a run that holds nothing', () => {
    expect(words({ state: 'FAILED', failedAt: ago(1), lastStatus: 'IN_PROGRESS' })?.text).toBe(
      'being verified',
    );
    expect(words({}, 'FAILED')).toBeNull();
  });
});
