import { open, realpath } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const HEADER_BYTES = 100;

export interface DatabaseFile {
  /** Without links: the files of a write-ahead log lie beside the file itself. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly isWal: boolean;
}

/**
 * What the header of a database file tells. Throws `source_unreachable`, `source_auth`, or `config` for a file that is no database.
 * Never call it in a process that has the database open: closing the file would let go of SQLite's locks.
 */
export async function readDatabaseFile(given: string): Promise<DatabaseFile> {
  let header: Buffer;
  let path: string;
  let sizeBytes: number;
  try {
    path = await realpath(given);
    await using file = await open(path, 'r');
    const stat = await file.stat();
    if (!stat.isFile()) {
      throw new AppError('config', `${given} is not a file`, { hint: 'Name the database file itself.' });
    }
    sizeBytes = stat.size;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    header = buffer.subarray(0, bytesRead);
  } catch (thrown) {
    throw translate(thrown, given);
  }
  if (sizeBytes === 0) {
    throw new AppError('config', `${given} is empty and not a database yet`, {
      hint: 'Start the application that uses it once, or name another file.',
    });
  }
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new AppError('config', `${given} is not a SQLite database, or it is encrypted`, {
      hint: 'Name the database file itself; one that is encrypted can be backed up as files while its application is stopped.',
    });
  }
  return { path, sizeBytes, isWal: header[18] === 2 };
}

function translate(thrown: unknown, path: string): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AppError('source_unreachable', `there is no file ${path} on this machine`, {
        hint: 'Check the path, and whether the volume that holds it is mounted where the worker runs.',
        cause: thrown,
      });
    case 'EACCES':
    case 'EPERM':
      return new AppError('source_auth', `${path} may not be read by this user`, {
        hint: 'Let the user of the worker read the file and enter its folder.',
        cause: thrown,
      });
    case 'EISDIR':
      return new AppError('config', `${path} is not a file`, {
        hint: 'Name the database file itself.',
        cause: thrown,
      });
    case 'EIO':
    case 'ESTALE':
    case 'ENXIO':
      return new AppError('source_unreachable', `${path} cannot be read`, {
        hint: 'Check the disk it lies on.',
        cause: thrown,
      });
    default:
      return thrown;
  }
}
