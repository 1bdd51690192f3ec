import { createHash, randomBytes } from 'node:crypto';

/** A new API token: 256 random bits, told once; `hash` is what the catalogue keeps, `hint` what people see of it. */
export function newApiToken(): { readonly token: string; readonly hash: string; readonly hint: string } {
  const token = `hf_${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashApiToken(token), hint: `${token.slice(0, 7)}…` };
}

/** SHA-256 (hex). 256 random bits need no slow hash. */
export const hashApiToken = (token: string): string => createHash('sha256').update(token).digest('hex');

export const isApiToken = (text: string): boolean => /^hf_[\w-]{43}$/.test(text);
