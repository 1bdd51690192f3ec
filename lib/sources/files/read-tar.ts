import { createHash, type Hash } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import { byteText, type ByteText, type EntryKind, type HashedEntry } from './tree-entry.ts';

const BLOCK = 512;
/** More than any path and all times of one member take; an archive that says more would fill the memory. */
const EXTENSION_MAX = 1024 * 1024;

/** A member of an archive. `sha256` is empty where nobody asked for it. */
export interface TarMember extends HashedEntry {
  /** As it stands in the archive. */
  readonly name: ByteText;
  readonly isDevice: boolean;
}

type Header = Omit<TarMember, 'sha256'>;

export interface TarReader {
  /** Told of each member once its content has passed. */
  readonly tell: (member: TarMember) => void;
  /** Of a file, whether the hash of its content is of use. */
  readonly needsHash: (member: Header) => boolean;
}

const damaged = (what: string): AppError =>
  new AppError('restore_failed', `the archive cannot be read as tar: ${what}`, {
    hint: 'Do not count on this backup: take another copy or an older one.',
  });

const KINDS: Readonly<Record<string, EntryKind>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'other',
  '4': 'other',
  '5': 'directory',
  '6': 'other',
};

/** What was taken of a folder starts with `./`, whatever its name; a single file with its own. */
export const isBelowFolder = (name: ByteText): boolean => name === '.' || name.startsWith('./');

/** `./a/b/` → `a/b`, and `./` → `.`, as which a single file stands too. */
export function pathOf(name: ByteText): ByteText {
  const path = isBelowFolder(name) ? name.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '') : '.';
  return path === '' ? '.' : path;
}

const textIn = (block: Buffer, start: number, length: number): ByteText => {
  const end = block.indexOf(0, start);
  return block.toString('latin1', start, end === -1 || end > start + length ? start + length : end);
};

function numberIn(block: Buffer, start: number, length: number): bigint {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) {
    // Base 256, two's complement: what does not fit into octal digits.
    let value = first === 0xff ? -1n : BigInt(first & 0x7f);
    for (const byte of block.subarray(start + 1, start + length)) value = (value << 8n) | BigInt(byte);
    return value;
  }
  const text = textIn(block, start, length).trim();
  if (!/^[0-7]*$/.test(text)) throw damaged('a number in a header is none');
  return text === '' ? 0n : BigInt(`0o${text}`);
}

/** Records of an extended header: `27 path=…\n`, where 27 counts the bytes of the whole record. */
function readRecords(content: Buffer): Map<string, ByteText> {
  const records = new Map<string, ByteText>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, space));
    const record = content.toString('latin1', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (space === -1 || !(length > 0) || at + length > content.length || equals === -1)
      throw damaged('an extended header is malformed');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** `-1.5` → -2: whole seconds, rounded down. */
function secondsOf(text: ByteText): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw damaged('a time in an extended header is none');
  const whole = BigInt(match[2] ?? '0');
  const isBroken = /[1-9]/.test(match[3] ?? '');
  if (match[1] === '') return whole;
  return isBroken ? -whole - 1n : -whole;
}

/**
 * Reads what `tar --format=posix` or `--format=gnu` wrote, in whatever pieces it comes and in flat memory, and tells its
 * members. Throws `restore_failed` where it is no whole, readable archive.
 */
export function readTar({ tell, needsHash }: TarReader): {
  feed(chunk: Buffer): void;
  /** How many bytes after the fed ones nobody needs: leave them out of the next chunk. */
  skip(): number;
  /** After the last byte. */
  end(): void;
} {
  const partial = Buffer.alloc(BLOCK);
  let partialBytes = 0;
  let contentLeft = 0;
  let paddingLeft = 0;
  let isOver = false;
  let hash: Hash | null = null;
  /** Of an extended header or a long name. */
  let collected: Buffer[] | null = null;
  let whenPassed: () => void = () => undefined;
  let extended = new Map<string, ByteText>();

  const headerOf = (block: Buffer, type: string): Header => {
    const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
    const prefix = isUstar ? textIn(block, 345, 155) : '';
    const short = textIn(block, 0, 100);
    const name = extended.get('path') ?? (prefix === '' ? short : `${prefix}/${short}`);
    const kind = KINDS[type];
    if (kind === undefined) throw damaged('a member is of a kind that is not known');
    const target = extended.get('linkpath') ?? textIn(block, 157, 100);
    const mtime = extended.get('mtime');
    const decimal = (key: string, start: number, length: number): number =>
      Number(extended.get(key) ?? numberIn(block, start, length));
    const size = decimal('size', 124, 12);
    if (!Number.isSafeInteger(size) || size < 0) throw damaged('the size of a member is none');
    return {
      name,
      path: pathOf(name),
      kind,
      mode: Number(numberIn(block, 100, 8)) & 0o7777,
      uid: decimal('uid', 108, 8),
      gid: decimal('gid', 116, 8),
      mtime: mtime === undefined ? numberIn(block, 136, 12) : secondsOf(mtime),
      sizeBytes: kind === 'file' ? size : 0,
      target: kind === 'hardlink' && isBelowFolder(target) ? pathOf(target) : target,
      isDevice: type === '3' || type === '4',
    };
  };

  const pass = (bytes: number, then: () => void): void => {
    contentLeft = bytes;
    paddingLeft = (BLOCK - (bytes % BLOCK)) % BLOCK;
    whenPassed = then;
    if (bytes === 0) then();
  };

  const collect = (block: Buffer, then: (content: Buffer) => void): void => {
    const size = Number(numberIn(block, 124, 12));
    if (size > EXTENSION_MAX) throw damaged('an extended header is too long');
    collected = [];
    pass(size, () => {
      const content = Buffer.concat(collected ?? []);
      collected = null;
      then(content);
    });
  };

  const onHeader = (block: Buffer): void => {
    let sum = 0;
    for (const byte of block) sum += byte;
    if (sum === 0) {
      // One block of zeros ends it: what follows fills up the last record.
      isOver = true;
      return;
    }
    for (let at = 148; at < 156; at += 1) sum += 0x20 - (block[at] ?? 0);
    if (BigInt(sum) !== numberIn(block, 148, 8)) throw damaged('the checksum of a header is wrong');
    const type = block.toString('latin1', 156, 157);
    switch (type) {
      case 'x':
        collect(block, (content) => {
          const records = readRecords(content);
          if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.')))
            throw damaged('a member has holes, which Holdfast does not write');
          extended = new Map([...extended, ...records]);
        });
        return;
      case 'g':
        collect(block, () => undefined);
        return;
      case 'L':
      case 'K':
        collect(block, (content) => {
          const end = content.indexOf(0);
          extended.set(
            type === 'L' ? 'path' : 'linkpath',
            byteText(end === -1 ? content : content.subarray(0, end)),
          );
        });
        return;
      default: {
        const header = headerOf(block, type);
        extended = new Map();
        hash = header.kind === 'file' && needsHash(header) ? createHash('sha256') : null;
        pass(header.sizeBytes, () => {
          tell({ ...header, sha256: hash?.digest('hex') ?? '' });
          hash = null;
        });
      }
    }
  };

  const passContent = (part: Buffer): void => {
    contentLeft -= part.length;
    hash?.update(part);
    // A copy: the part would keep its whole chunk, which may be written over by then.
    collected?.push(Buffer.from(part));
    if (contentLeft === 0) whenPassed();
  };

  return {
    feed: (chunk) => {
      let at = 0;
      while (at < chunk.length && !isOver) {
        if (contentLeft > 0) {
          const part = chunk.subarray(at, at + contentLeft);
          passContent(part);
          at += part.length;
        } else if (paddingLeft > 0) {
          const passed = Math.min(paddingLeft, chunk.length - at);
          paddingLeft -= passed;
          at += passed;
        } else if (partialBytes === 0 && chunk.length - at >= BLOCK) {
          onHeader(chunk.subarray(at, at + BLOCK));
          at += BLOCK;
        } else {
          const copied = chunk.copy(partial, partialBytes, at, at + BLOCK - partialBytes);
          partialBytes += copied;
          at += copied;
          if (partialBytes === BLOCK) {
            partialBytes = 0;
            onHeader(partial);
          }
        }
      }
    },
    skip: () => {
      if (hash !== null || collected !== null || contentLeft === 0 || isOver) return 0;
      const bytes = contentLeft + paddingLeft;
      contentLeft = 0;
      paddingLeft = 0;
      whenPassed();
      return bytes;
    },
    end: () => {
      if (!isOver) throw damaged('it is cut off');
    },
  };
}
