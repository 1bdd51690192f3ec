import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readHistory, readHistoryName, readSegmentName, type Ancestor } from '../core/wal-names.ts';
import { AppError } from '../core/errors.ts';

/** The archived write-ahead log of one server, as its names tell. */
export interface WalFolder {
  readonly path: string;
  readonly segmentBytes: number;
  readonly segments: ReadonlySet<string>;
  /** By timeline, what it stems from. */
  readonly histories: ReadonlyMap<number, readonly Ancestor[]>;
}

/** Throws `config` where there is no such folder, or nobody may look into it. */
export async function readWalFolder(path: string, segmentBytes: number): Promise<WalFolder> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    throw new AppError('config', `the folder with the write-ahead log cannot be read: ${path}`, {
      hint: 'Name it with --wal, or in BACKUP_WAL_PATH; this user must be able to read it.',
      fields: { variable: 'BACKUP_WAL_PATH' },
      cause: error,
    });
  }
  const histories = new Map<number, readonly Ancestor[]>();
  for (const name of names) {
    const timeline = readHistoryName(name);
    if (timeline !== null) histories.set(timeline, readHistory(await readFile(join(path, name), 'utf8')));
  }
  const segments = new Set(names.filter((name) => readSegmentName(name, segmentBytes) !== null));
  return { path, segmentBytes, segments, histories };
}

export async function holdsSegment(path: string, name: string): Promise<boolean> {
  try {
    return (await stat(join(path, name))).isFile();
  } catch {
    return false;
  }
}

/** Where the system identifier stands in the first page of a segment, in the byte order of the machine that wrote it. */
const IDENTIFIER_AT = 24;

/** Throws `integrity` for a segment that is not whole, and `invalid` for one of another server. */
export async function checkSegment(
  { path, segmentBytes }: WalFolder,
  name: string,
  systemIdentifier: string,
): Promise<void> {
  const file = join(path, name);
  const { size } = await stat(file);
  if (size !== segmentBytes) {
    throw new AppError(
      'integrity',
      `${name} has ${String(size)} bytes, and a whole segment ${String(segmentBytes)}`,
      {
        hint: 'Look for another copy of this segment; without it, only instants before it can be recovered.',
      },
    );
  }
  const head = Buffer.alloc(IDENTIFIER_AT + 8);
  await using handle = await open(file, 'r');
  await handle.read(head, 0, head.length, 0);
  const found = [head.readBigUInt64LE(IDENTIFIER_AT), head.readBigUInt64BE(IDENTIFIER_AT)].map(String);
  if (found.includes(systemIdentifier)) return;
  throw new AppError('invalid', `${file} is of another server than the base archive`, {
    hint: 'Name the folder with the log of that server with --wal, or another base archive with --from.',
    fields: { systemIdentifier },
  });
}
