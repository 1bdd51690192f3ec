import { describe, expect, test } from 'vitest';
import { safeCallback } from '#lib/client/safe-callback.ts';

const origin = 'https://console.example.test';

describe('safeCallback', () => {
  test.each([
    ['/settings/backup?backup=1#x', '/settings/backup?backup=1#x'],
    ['https://console.example.test/account', '/account'],
    ['account', '/account'],
  ])('follows %s', (wanted, path) => {
    expect(safeCallback(wanted, origin)).toBe(path);
  });

  test.each([
    null,
    undefined,
    '',
    '//evil.example.test/',
    '/\\evil.example.test',
    '\\\\evil.example.test',
    'https://evil.example.test/',
    'https:evil.example.test',
    'https://console.example.test.evil.example.test/',
    'https://console.example.test@evil.example.test/',
    'javascript:alert(1)',
    'data:text/html,x',
    '/.//evil.example.test',
    '\t//evil.example.test',
    '/login?callbackUrl=/login',
    '/api/auth/signout',
    'https://[',
  ])('goes home instead of %s', (wanted) => {
    const path = safeCallback(wanted, origin);
    expect(new URL(path, origin).origin).toBe(origin);
    expect(['/', '/evil.example.test']).toContain(path);
  });
});
