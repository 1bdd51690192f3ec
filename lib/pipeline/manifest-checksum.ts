import { createHash } from 'node:crypto';

/**
 * The checksum of a manifest: SHA-256 of the document without its field `checksum`, printed like the file. Takes the document
 * as it was parsed from JSON, so that fields this version does not know count too.
 */
export function manifestChecksum(document: object): string {
  const rest = Object.fromEntries(Object.entries(document).filter(([name]) => name !== 'checksum'));
  return createHash('sha256')
    .update(`${JSON.stringify(rest, null, 2)}\n`)
    .digest('hex');
}
