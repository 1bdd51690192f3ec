import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { deriveKey } from './keys.ts';

const CIPHER = 'aes-256-gcm';
const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What may be sealed: each under a key of its own. */
const SEALED = {
  'source-password': {
    what: 'the password that is kept for this source',
    mend: 'the one with which the password was saved; else type the password again',
  },
  'report-key': {
    what: 'the key that signs the reports of drills',
    mend: 'the one with which that key was made',
  },
} as const;
type SealedPurpose = keyof typeof SEALED;

const cannotOpen = (purpose: SealedPurpose, cause?: unknown): AppError =>
  new AppError('config', `HOLDFAST_SECRET does not open ${SEALED[purpose].what}`, {
    hint: `Give console and worker the same HOLDFAST_SECRET, ${SEALED[purpose].mend}.`,
    fields: { variable: 'HOLDFAST_SECRET' },
    cause,
  });

const noSecret = (purpose: SealedPurpose): AppError =>
  new AppError('config', `HOLDFAST_SECRET is missing, with which ${SEALED[purpose].what} is sealed`, {
    hint: 'Set HOLDFAST_SECRET of console and worker to the same random characters, at least 32, and keep them.',
    fields: { variable: 'HOLDFAST_SECRET' },
  });

/** A secret as the catalogue keeps it: `v1.` and base64url of nonce, ciphertext and tag. */
export type Sealed = string;

function seal(purpose: SealedPurpose, master: Secret | null, row: string, secret: Secret): Sealed {
  if (master === null) throw noSecret(purpose);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, deriveKey(master, purpose), nonce);
  cipher.setAAD(Buffer.from(row));
  const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()]);
  return `${VERSION}.${Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url')}`;
}

function unseal(purpose: SealedPurpose, master: Secret | null, row: string, sealed: Sealed): Secret {
  if (master === null) throw noSecret(purpose);
  const [version, body = ''] = sealed.split('.');
  const bytes = Buffer.from(body, 'base64url');
  if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) throw cannotOpen(purpose);
  try {
    const decipher = createDecipheriv(CIPHER, deriveKey(master, purpose), bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(row));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return new Secret(Buffer.concat([text, decipher.final()]).toString('utf8'));
  } catch (cause) {
    throw cannotOpen(purpose, cause);
  }
}

/**
 * AES-256-GCM under a key that is not in the catalogue. `row` is the id of the row that keeps it: sealed into another row it does
 * not open. Throws `config` without HOLDFAST_SECRET.
 */
export const sealPassword = (master: Secret | null, row: string, password: Secret): Sealed =>
  seal('source-password', master, row, password);

/** Throws `config` without HOLDFAST_SECRET, with another one, and for what was changed, cut or taken from another row. */
export const unsealPassword = (master: Secret | null, row: string, sealed: Sealed): Secret =>
  unseal('source-password', master, row, sealed);

/** As `sealPassword`, for the private key that signs reports. */
export const sealReportKey = (master: Secret | null, row: string, privateKey: Secret): Sealed =>
  seal('report-key', master, row, privateKey);

/** As `unsealPassword`. */
export const unsealReportKey = (master: Secret | null, row: string, sealed: Sealed): Secret =>
  unseal('report-key', master, row, sealed);
