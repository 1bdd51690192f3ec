import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { Secret } from '../core/secret.ts';

export interface ReportKey {
  /** SubjectPublicKeyInfo in PEM, as openssl reads it. */
  readonly publicKey: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: Secret;
}

/** A new Ed25519 key. */
export function newReportKey(): ReportKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicKey, privateKey: new Secret(privateKey) };
}

/** 64 bytes over the text's UTF-8 (RFC 8032, Ed25519): the same text and key always give the same ones. */
export const signReport = (privateKey: Secret, text: string): Buffer =>
  sign(null, Buffer.from(text), createPrivateKey(privateKey.reveal()));

/** SHA-256 (hex) of the public key's DER, to be compared by eye. */
export const fingerprintOf = (publicKey: string): string =>
  createHash('sha256')
    .update(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }))
    .digest('hex');
