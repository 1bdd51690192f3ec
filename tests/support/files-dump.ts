import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Manifest } from '#lib/contracts/manifest.ts';
import { parseConfig, type FilesPlace } from '#lib/platform/config.ts';
import { createFilesSource } from '#lib/sources/files/files-source.ts';
import type { DumpOptions } from '#lib/sources/source.ts';
import { factsContext } from './facts.ts';
import { manifestWith } from './path-copy.ts';

export const filesConfig = parseConfig({ PATH: process.env['PATH'] });

export const everything: DumpOptions = {
  tables: null,
  schemaOnly: false,
  compression: 'none',
  facts: { takesFingerprints: true, fingerprintMaxBytes: 1e9 },
};

export const filesAt = (path: string, more: Partial<FilesPlace> = {}): FilesPlace => ({
  kind: 'files',
  path,
  only: null,
  excludes: [],
  ...more,
});

/** Dumps into `file` as a backup does, and returns the manifest. */
export async function dumpFiles(place: FilesPlace, file: string, signal?: AbortSignal): Promise<Manifest> {
  await using dump = await createFilesSource(filesConfig, place).dump(factsContext(signal), everything);
  await pipeline(dump.body, createWriteStream(file));
  const { options, ...manifest } = manifestWith('files', await dump.facts());
  const files = { only: place.only === null ? null : [...place.only], excludes: [...place.excludes] };
  return { ...manifest, options: { ...options, files } };
}
