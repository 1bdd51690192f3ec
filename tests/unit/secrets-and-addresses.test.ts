import { expect, test } from 'vitest';
import { clientAddress, PEER_HEADER } from '#lib/auth/client-address.ts';
import { Secret } from '#lib/core/secret.ts';
import { requireSameOrigin } from '#lib/http/same-origin.ts';
import { contentSecurityPolicy } from '#lib/http/security-headers.ts';
import { hashApiToken, isApiToken, newApiToken } from '#lib/platform/api-token.ts';
import { deriveKey } from '#lib/platform/keys.ts';
import { hashPassword, verifyPassword } from '#lib/platform/password.ts';

test('each purpose has a key of its own, the same for the same secret', () => {
  const master = new Secret('m'.repeat(32));
  expect(deriveKey(master, 'session').equals(deriveKey(master, 'download-link'))).toBe(false);
  expect(deriveKey(master, 'session').equals(deriveKey(new Secret('m'.repeat(32)), 'session'))).toBe(true);
  expect(deriveKey(master, 'session').equals(deriveKey(new Secret('n'.repeat(32)), 'session'))).toBe(false);
});

test('a password matches its own hash alone; the hash tells its cost; the salt differs', async () => {
  const hash = await hashPassword('correct horse battery');
  expect(Number(hash.split('$')[1])).toBeGreaterThanOrEqual(2 ** 15);
  expect(await verifyPassword('correct horse battery', hash)).toBe(true);
  expect(await verifyPassword('correct horse batterz', hash)).toBe(false);
  expect(await verifyPassword('correct horse battery', 'bcrypt$whatever')).toBe(false);
  expect(await verifyPassword('correct horse battery', null)).toBe(false);
  expect(await hashPassword('correct horse battery')).not.toBe(hash);
});

test('a token carries 256 bits and is known by its hash', () => {
  const { token, hash, hint } = newApiToken();
  expect(isApiToken(token)).toBe(true);
  expect(isApiToken(`${token}x`)).toBe(false);
  expect(hashApiToken(token)).toBe(hash);
  expect(token.startsWith(hint.slice(0, -1))).toBe(true);
  expect(newApiToken().token).not.toBe(token);
});

test('X-Forwarded-For counts only behind a proxy of ours, and then its last entry', () => {
  const headers = new Headers({ [PEER_HEADER]: '10.0.0.1', 'x-forwarded-for': '1.1.1.1, 203.0.113.5' });
  expect(clientAddress(headers, false)).toBe('10.0.0.1');
  expect(clientAddress(headers, true)).toBe('203.0.113.5');
  expect(clientAddress(new Headers(), false)).toBeUndefined();
});

test('same origin by Sec-Fetch-Site or Origin; without either it is refused', () => {
  const check = (headers: Record<string, string>) => () => {
    requireSameOrigin(new Request('http://localhost/x', { method: 'POST', headers }));
  };
  expect(check({ 'sec-fetch-site': 'same-origin' })).not.toThrow();
  expect(check({ origin: 'https://backup.example', host: 'backup.example' })).not.toThrow();
  expect(check({ origin: 'https://backup.example', host: 'backup.example:8443' })).toThrow();
  expect(check({})).toThrow();
});

test('the content policy lets no inline script run', () => {
  const policy = contentSecurityPolicy('abc', false);
  const scripts = policy.split('; ').find((part) => part.startsWith('script-src'));
  expect(scripts).toContain("'nonce-abc'");
  expect(scripts).not.toContain('unsafe');
  expect(policy).toContain("frame-ancestors 'none'");
});
