import { createHash } from 'node:crypto';
import { manifestText, type Manifest } from '../contracts/manifest.ts';

/**
 * SHA-256 of the file without its field `checksum`. `document` may be what JSON.parse gave, with fields that a later version
 * wrote: they count too.
 */
export function manifestChecksum(document: object): string {
  const rest = Object.fromEntries(Object.entries(document).filter(([name]) => name !== 'checksum'));
  return createHash('sha256')
    .update(manifestText(rest as Manifest))
    .digest('hex');
}

/** The same manifest with its checksum, as its last field. */
export function sealManifest(manifest: Manifest): Manifest & { readonly checksum: string } {
  return { ...manifest, checksum: manifestChecksum(manifest) };
}
