import { realpathSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openCatalogue } from '#db/client.ts';
import { findHistory } from '#db/queries/history.ts';
import { BackupHistoryQuery } from '#lib/contracts/backup.ts';
import { manifestNameOf, Manifest } from '#lib/contracts/manifest.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { AppError } from '#lib/core/errors.ts';
import type { Config } from '#lib/platform/config.ts';
import { confirm, type Prompt } from './restore-prompt.ts';
import type { Chosen } from './restore-run.ts';

const ARCHIVE = /\.dump(\.zst)?(\.gz)?(\.age)?$/;
const CATALOGUE_WAIT_MS = 5_000;

/** An archive in the local folder. */
export interface LocalArchive {
  readonly filename: string;
  readonly sizeBytes: number;
  readonly takenAt: Date;
  readonly tiers: readonly string[];
  /** Null where no manifest lies beside it. */
  readonly database: string | null;
}

async function describe(folder: string, filename: string): Promise<LocalArchive> {
  const { size, mtime } = await stat(join(folder, filename));
  try {
    const text = await readFile(join(folder, manifestNameOf(filename)), 'utf8');
    const manifest = Manifest.parse(JSON.parse(text));
    const { tiers, source } = manifest;
    return {
      filename,
      sizeBytes: size,
      takenAt: new Date(manifest.takenAt),
      tiers,
      database: source.database,
    };
  } catch {
    const named = /_(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)/.exec(filename);
    const takenAt =
      named === null ? mtime : new Date(`${named[1] ?? ''}T${named[2] ?? ''}:${named[3] ?? ''}Z`);
    return {
      filename,
      sizeBytes: size,
      takenAt: Number.isNaN(takenAt.getTime()) ? mtime : takenAt,
      tiers: [],
      database: null,
    };
  }
}

/** The archives in BACKUP_LOCAL_PATH, newest first; needs no catalogue. */
export async function listLocalArchives(config: Config): Promise<readonly LocalArchive[]> {
  let names: string[];
  try {
    names = await readdir(config.localPath);
  } catch {
    return [];
  }
  const archives = await Promise.all(
    names.filter((name) => ARCHIVE.test(name)).map((name) => describe(config.localPath, name)),
  );
  return archives.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
}

/** By file name how each backup stands, where a catalogue answers; null where none does. */
async function readProofs(config: Config): Promise<ReadonlyMap<string, string> | null> {
  if (config.databaseUrl === null) return null;
  const catalogue = openCatalogue(config.databaseUrl, {
    applicationName: 'holdfast-restore-sh',
    maxConnections: 1,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const query = BackupHistoryQuery.parse({ status: 'COMPLETED', limit: 200 });
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, CATALOGUE_WAIT_MS, null);
    });
    const found = await Promise.race([findHistory(catalogue.db, query), late]);
    if (found === null) return null;
    return new Map(
      found.rows.map(({ filename, proof, provenAt }) => [
        filename,
        proof === 'PROVEN'
          ? `proven ${provenAt?.toISOString().slice(0, 16) ?? ''}`
          : proof === 'FAILED'
            ? 'PROOF FAILED'
            : 'never proven',
      ]),
    );
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    await catalogue.close();
  }
}

/** The numbered list of backups, and the typed YES (2-inventorysync.md). Throws `invalid` unless one was chosen and confirmed. */
export async function chooseArchive(
  config: Config,
  database: string,
  prompt: Prompt,
  say: (line: string) => void,
  isDryRun: boolean,
): Promise<Chosen> {
  const archives = await listLocalArchives(config);
  if (archives.length === 0) {
    throw new AppError('not_found', `there is no archive in ${config.localPath}`, {
      hint: 'Name the file to restore, or use --from-s3 KEY.',
    });
  }
  const proofs = await readProofs(config);
  say('Available backups:');
  for (const [index, { filename, sizeBytes, takenAt, database: from }] of archives.entries()) {
    const at = `${takenAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    const proof = proofs?.get(filename);
    say(
      `  ${String(index + 1)}. ${filename} (${[at, humanBytes(sizeBytes), from === null ? 'no manifest' : `of ${from}`, ...(proof === undefined ? [] : [proof])].join(', ')})`,
    );
  }
  if (proofs === null) say('The catalogue does not answer, so which of them are proven is not known.');
  const typed = await prompt.ask('Select backup number to restore: ');
  const archive = /^\d+$/.test(typed ?? '') ? archives[Number(typed) - 1] : undefined;
  if (archive === undefined) {
    throw new AppError('invalid', 'none of the backups was chosen; nothing was changed', {
      hint: `Type a number from 1 to ${String(archives.length)}.`,
    });
  }
  const path = join(config.localPath, archive.filename);
  if (!isDryRun) {
    say('WARNING: this will restore the database from:');
    say(`  ${path}`);
    say(`This operation will OVERWRITE the database ${database} at ${config.source.host}.`);
    await confirm(prompt, "Type 'YES' to confirm restore: ", 'YES');
  }
  return {
    place: { destination: 'local', key: archive.filename, path },
    label: path,
    isConfirmed: true,
  };
}

/** The file that was named, whatever it is called. Throws `not_found`, and `usage` for a folder. */
export function fileChosen(file: string): Chosen {
  let path: string;
  try {
    // Storage follows no link.
    path = realpathSync(file);
  } catch {
    throw new AppError('not_found', `there is no file ${file}`, {
      hint: 'Check the path; without BACKUP_FILE, on a terminal, the script lists what there is.',
    });
  }
  if (statSync(path).isDirectory()) {
    throw new AppError('usage', `${file} is a folder, not an archive`, {
      hint: 'Name one of the archives in it; without BACKUP_FILE, on a terminal, the script lists those of BACKUP_LOCAL_PATH.',
    });
  }
  return { place: { destination: 'local', key: basename(path), path }, label: path, isConfirmed: false };
}
