import { hkdfSync } from 'node:crypto';
import type { Secret } from '../core/secret.ts';

/** What a derived key is for. A purpose never changes its meaning: what one key signed, no other accepts. */
export type KeyPurpose = 'session' | 'download-link' | 'source-password' | 'report-key';

/** A 256-bit key for one purpose alone (HKDF-SHA-256, RFC 5869), so that a leaked one opens nothing else. */
export function deriveKey(master: Secret, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', master.reveal(), '', `holdfast/v1/${purpose}`, 32));
}
