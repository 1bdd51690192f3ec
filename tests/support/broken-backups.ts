import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestNameOf, manifestText, Manifest, type ByteCount } from '#lib/contracts/manifest.ts';
import type { Check, Depth, Verdict } from '#lib/contracts/verification.ts';
import type { ErrorCode } from '#lib/core/errors.ts';
import { sealManifest } from '#lib/pipeline/manifest-checksum.ts';
import { findProgram } from '#scripts/programs.mjs';

/** An archive and its manifest as files in a folder. */
export interface StoredBackup {
  readonly folder: string;
  /** The archive's file name. */
  readonly archive: string;
}

export const archivePath = ({ folder, archive }: StoredBackup): string => join(folder, archive);
export const manifestPath = ({ folder, archive }: StoredBackup): string =>
  join(folder, manifestNameOf(archive));

/** The manifest as the file has it. */
export const readManifestFile = (backup: StoredBackup): Manifest =>
  Manifest.parse(JSON.parse(readFileSync(manifestPath(backup), 'utf8')));

/** What packed the dump, the outermost last; pg_dump's own compression is none of it. */
const programsAround = ({ stages }: Manifest): string[] =>
  stages.flatMap(({ stage, params }) => (params['layer'] === 'dump' ? [] : [stage]));

const countOf = (bytes: Uint8Array): ByteCount => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** Writes a manifest as a careful forger would: with a checksum that fits. */
export function forgeManifest(backup: StoredBackup, change: (manifest: Manifest) => void): void {
  const manifest = readManifestFile(backup);
  change(manifest);
  writeFileSync(manifestPath(backup), manifestText(sealManifest(manifest)));
}

/** The same backup in another folder, to be broken there. */
export function copyBackup(from: StoredBackup, folder: string): StoredBackup {
  mkdirSync(folder, { recursive: true });
  const copy = { folder, archive: from.archive };
  copyFileSync(archivePath(from), archivePath(copy));
  copyFileSync(manifestPath(from), manifestPath(copy));
  return copy;
}

/** The archive ends after this part of it. */
export function cutArchive(backup: StoredBackup, part: number): void {
  truncateSync(archivePath(backup), Math.floor(readManifestFile(backup).stored.bytes * part));
}

/** One bit of the archive is another, at this part of it. */
export function flipBit(backup: StoredBackup, part: number): void {
  const bytes = readFileSync(archivePath(backup));
  const at = Math.min(bytes.length - 1, Math.floor(bytes.length * part));
  bytes[at] = (bytes[at] ?? 0) ^ 0b1000;
  writeFileSync(archivePath(backup), bytes);
}

/** Rewrites size and hash of the archive in the manifest to what the file has, checksum and all. */
export function fitManifest(backup: StoredBackup, plain?: ByteCount): void {
  forgeManifest(backup, (manifest) => {
    manifest.stored = countOf(readFileSync(archivePath(backup)));
    // Where nothing is around the dump, the file is what pg_dump wrote.
    if (plain === undefined && programsAround(manifest).length === 0) plain = manifest.stored;
    if (plain !== undefined) manifest.plain = plain;
  });
}

/** The archive of another database lies under this manifest, hashes rewritten to fit: only what it holds can tell. */
export function swapDump(backup: StoredBackup, other: StoredBackup): void {
  copyFileSync(archivePath(other), archivePath(backup));
  fitManifest(backup, readManifestFile(other).plain);
}

/** What was dumped is changed and packed again as before, hashes rewritten to fit. Not for encrypted backups. */
export function repackDump(backup: StoredBackup, change: (plain: Uint8Array) => Uint8Array): void {
  const programs = programsAround(readManifestFile(backup));
  const through = (program: string, args: readonly string[], input: Uint8Array): Buffer =>
    execFileSync(findProgram(program) ?? program, args, { input, maxBuffer: 1024 ** 3 });
  let bytes: Uint8Array = readFileSync(archivePath(backup));
  for (const program of programs.toReversed()) bytes = through(program, ['-d', '-c', '-q'], bytes);
  bytes = change(bytes);
  const plain = countOf(bytes);
  for (const program of programs) bytes = through(program, ['-1', '-c', '-q'], bytes);
  writeFileSync(archivePath(backup), bytes);
  fitManifest(backup, plain);
}

/** The manifest tells one row more of the first table than there was; its checksum stays what it was. */
export function editRowCount(backup: StoredBackup): void {
  const manifest = JSON.parse(readFileSync(manifestPath(backup), 'utf8')) as Manifest;
  manifest.facts.tables[0]!.rows = (manifest.facts.tables[0]!.rows ?? 0) + 1;
  writeFileSync(manifestPath(backup), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The same, by someone who knows of the checksum: only the catalogue's note and a restore can tell. */
export function forgeRowCount(backup: StoredBackup): void {
  forgeManifest(backup, ({ facts }) => {
    facts.tables[0]!.rows = (facts.tables[0]!.rows ?? 0) + 1;
  });
}

/** Archive and manifest are replaced, after the backup was COMPLETED, by another pair that fits together. */
export function replaceBackup(backup: StoredBackup, other: StoredBackup): void {
  copyFileSync(archivePath(other), archivePath(backup));
  const theirs = readManifestFile(other);
  forgeManifest(backup, (manifest) => {
    Object.assign(manifest, { ...theirs, id: manifest.id, archive: backup.archive });
  });
}

/** One way in which a backup can be broken, and how it must be found out. */
export interface Damage {
  readonly name: string;
  /** `other` is a good backup of another database that has the same tables. */
  readonly apply: (backup: StoredBackup, other: StoredBackup) => void;
  /** The shallowest depth that finds it; every deeper one does too. */
  readonly depth: Depth;
  /** Found only where the catalogue's note is asked. */
  readonly needsRecord?: boolean;
  /** Cannot be done to an encrypted archive without its key. */
  readonly needsPlain?: boolean;
  readonly status: Exclude<Verdict, 'PASSED'>;
  readonly code: ErrorCode;
  /** The check that says so. */
  readonly check: Check['name'];
  /** The others that say so too, rightly; none where absent. */
  readonly besides?: readonly Check['name'][];
}

const broken = (
  name: string,
  found: { readonly check: string; readonly code?: ErrorCode; readonly depth?: Depth },
  apply: Damage['apply'],
  more: Pick<Damage, 'needsRecord' | 'needsPlain' | 'besides'> = {},
): Damage => ({ name, apply, depth: 'bytes', status: 'FAILED', code: 'integrity', ...found, ...more });

/** Each broken in one way, by its bytes or its manifest. What a restored copy alone can show comes on top of these. */
export const DAMAGES: readonly Damage[] = [
  broken('cut at 40 %', { check: 'size' }, (backup) => {
    cutArchive(backup, 0.4);
  }),
  broken('cut by its last byte', { check: 'size' }, (backup) => {
    truncateSync(archivePath(backup), readManifestFile(backup).stored.bytes - 1);
  }),
  ...[0, 0.5, 1].map((part) =>
    broken(`one bit flipped at ${String(part * 100)} %`, { check: 'sha256' }, (backup) => {
      flipBit(backup, part);
    }),
  ),
  broken('cut at 40 %, under a manifest made to fit', { check: 'decode', depth: 'archive' }, (backup) => {
    cutArchive(backup, 0.4);
    fitManifest(backup);
  }),
  ...[0, 0.5].map((part) =>
    broken(
      `one bit flipped at ${String(part * 100)} %, under a manifest made to fit`,
      { check: 'decode', depth: 'archive' },
      (backup) => {
        flipBit(backup, part);
        fitManifest(backup);
      },
    ),
  ),
  broken(
    'the dump cut at 40 % before it was packed',
    { check: 'decode', depth: 'archive' },
    (backup) => {
      repackDump(backup, (plain) => plain.subarray(0, Math.floor(plain.length * 0.4)));
    },
    { needsPlain: true },
  ),
  broken('the manifest edited: a row count', { check: 'manifest:checksum' }, editRowCount),
  broken(
    'the manifest edited: a row count, and its checksum',
    { check: 'manifest:catalogue' },
    forgeRowCount,
    { needsRecord: true },
  ),
  broken('the manifest no JSON', { check: 'manifest' }, (backup) => {
    writeFileSync(manifestPath(backup), '{');
  }),
  broken("another archive's manifest", { check: 'manifest' }, (backup) => {
    forgeManifest(backup, (manifest) => {
      manifest.archive = 'ims_backup_2020-01-01_01-00.dump';
    });
  }),
  broken('the manifest missing', { check: 'manifest', code: 'object_missing' }, (backup) => {
    rmSync(manifestPath(backup));
  }),
  broken(
    'a table missing in the archive',
    { check: 'contents', code: 'verification_failed', depth: 'archive' },
    (backup) => {
      forgeManifest(backup, ({ facts }) => {
        facts.tables.push({ ...facts.tables[0]!, name: 'not in the archive' });
      });
    },
  ),
  broken(
    'a table more in the archive',
    { check: 'contents', code: 'verification_failed', depth: 'archive' },
    (backup) => {
      forgeManifest(backup, ({ facts }) => {
        facts.tables.pop();
      });
    },
  ),
  broken(
    'archive and manifest replaced after it was COMPLETED',
    { check: 'manifest:catalogue' },
    replaceBackup,
    {
      needsRecord: true,
    },
  ),
  broken('the archive gone', { check: 'object', code: 'object_missing' }, (backup) => {
    rmSync(archivePath(backup));
  }),
  broken(
    'archive and manifest gone',
    { check: 'object', code: 'object_missing' },
    (backup) => {
      rmSync(archivePath(backup));
      rmSync(manifestPath(backup));
    },
    { besides: ['manifest'] },
  ),
];
