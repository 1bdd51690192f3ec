import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { deriveKey } from './keys.ts';

const CIPHER = 'aes-256-gcm';
const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const cannotOpen = (cause?: unknown): AppError =>
  new AppError('config', 'HOLDFAST_SECRET does not open the password that is kept for this source', {
    hint: 'Give console and worker the same HOLDFAST_SECRET, the one with which the password was saved; else type the password again.',
    fields: { variable: 'HOLDFAST_SECRET' },
    cause,
  });

const noSecret = (): AppError =>
  new AppError('config', 'HOLDFAST_SECRET is missing, with which the passwords of sources are sealed', {
    hint: 'Set HOLDFAST_SECRET of console and worker to the same random characters, at least 32, and keep them.',
    fields: { variable: 'HOLDFAST_SECRET' },
  });

/** The password of a source as the catalogue keeps it: `v1.` and base64url of nonce, ciphertext and tag. */
export type Sealed = string;

/**
 * AES-256-GCM under a key that is not in the catalogue. `row` is the id of the row that keeps it: sealed into another row it does
 * not open. Throws `config` without HOLDFAST_SECRET.
 */
export function sealPassword(master: Secret | null, row: string, password: Secret): Sealed {
  if (master === null) throw noSecret();
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, deriveKey(master, 'source-password'), nonce);
  cipher.setAAD(Buffer.from(row));
  const text = Buffer.concat([cipher.update(password.reveal(), 'utf8'), cipher.final()]);
  return `${VERSION}.${Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url')}`;
}

/** Throws `config` without HOLDFAST_SECRET, with another one, and for what was changed, cut or taken from another row. */
export function unsealPassword(master: Secret | null, row: string, sealed: Sealed): Secret {
  if (master === null) throw noSecret();
  const [version, body = ''] = sealed.split('.');
  const bytes = Buffer.from(body, 'base64url');
  if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) throw cannotOpen();
  try {
    const decipher = createDecipheriv(
      CIPHER,
      deriveKey(master, 'source-password'),
      bytes.subarray(0, NONCE_BYTES),
      { authTagLength: TAG_BYTES },
    );
    decipher.setAAD(Buffer.from(row));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return new Secret(Buffer.concat([text, decipher.final()]).toString('utf8'));
  } catch (cause) {
    throw cannotOpen(cause);
  }
}
