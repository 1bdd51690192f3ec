import { createHash, type Hash } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { TreeEntry } from './tree-facts.ts';

const BLOCK = 512;

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '5': 'directory',
  '2': 'link',
  '1': 'hard-link',
  '3': 'other',
  '4': 'other',
  '6': 'other',
};

/** What was taken of a folder starts with `./`. */
export const isBelowFolder = (name: string): boolean => name === '.' || name.startsWith('./');

const damaged = (why: string): AppError =>
  new AppError('restore_failed', `the archive is not what tar writes: ${why}`, {
    hint: 'Do not count on this backup: take another copy or an older one.',
  });

const text = (field: Buffer): string => {
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? field.length : end);
};

/** Octal digits, or the binary form that GNU tar uses for what they cannot say. */
function number(field: Buffer): number {
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = BigInt(first & 0x7f);
    for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
    return Number(BigInt.asIntN(field.length * 8 - 1, value));
  }
  const digits = text(field).trim();
  if (digits === '') return 0;
  if (!/^-?[0-7]+$/.test(digits)) throw damaged('a number is none');
  return Number.parseInt(digits, 8);
}

/** The records of a pax header: `LENGTH KEY=VALUE\n`, the length counting all of it. */
function paxRecords(data: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < data.length) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    if (space === -1 || !Number.isInteger(length) || length < 5 || at + length > data.length)
      throw damaged('an extended header is cut');
    const record = data.toString('latin1', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** Below the root, which is the empty path: `./a/b/` is `a/b`. A source of one file is its own root. */
const memberPath = (name: string): string =>
  (isBelowFolder(name) ? name : '')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

/** Throws `restore_failed` for a name that would leave the folder it is unpacked into. */
function needInside(name: string): void {
  if (name.startsWith('/') || name.split('/').includes('..')) throw damaged(`it names ${name}`);
}

/**
 * Reads what GNU tar wrote with --format=posix, in chunks of any size, and tells each entry once its content has passed. `end`
 * throws `restore_failed` where the archive does not end as it must. Memory stays flat.
 */
export function readTar(onEntry: (entry: TreeEntry, name: string) => void): {
  add(chunk: Buffer): void;
  end(): void;
} {
  let rest: Buffer = Buffer.alloc(0);
  /** Bytes of the present member's content, and of its padding, that are still to come. */
  let content = 0;
  let padding = 0;
  let sink: 'skip' | 'pax' | Hash = 'skip';
  let paxParts: Buffer[] = [];
  let pax = new Map<string, string>();
  let open: { readonly entry: Omit<TreeEntry, 'sha256'>; readonly name: string } | null = null;
  let emptyBlocks = 0;

  const close = (): void => {
    if (sink === 'pax') pax = paxRecords(Buffer.concat(paxParts));
    else if (open !== null) {
      const sha256 = sink === 'skip' ? '' : sink.digest('hex');
      onEntry({ ...open.entry, sha256 }, open.name);
    }
    open = null;
    sink = 'skip';
  };

  const header = (block: Buffer): void => {
    if (block.every((byte) => byte === 0)) {
      emptyBlocks += 1;
      return;
    }
    if (emptyBlocks > 0) throw damaged('something follows its end');
    let sum = 256;
    for (let index = 0; index < BLOCK; index += 1) if (index < 148 || index >= 156) sum += block[index] ?? 0;
    if (number(block.subarray(148, 156)) !== sum) throw damaged('the sum of a header does not agree');
    const flag = block.toString('latin1', 156, 157);
    const size = Number(pax.get('size') ?? number(block.subarray(124, 136)));
    if (flag === 'x' || flag === 'g') {
      if (size > 1024 * 1024) throw damaged('an extended header is too long');
      content = size;
      padding = (BLOCK - (size % BLOCK)) % BLOCK;
      sink = flag === 'x' ? 'pax' : 'skip';
      paxParts = [];
      if (content === 0) close();
      return;
    }
    const kind = KINDS[flag];
    if (kind === undefined) throw damaged(`a member is of the kind ${flag}`);
    const prefix = text(block.subarray(345, 500));
    const short = text(block.subarray(0, 100));
    const name = pax.get('path') ?? (prefix === '' ? short : `${prefix}/${short}`);
    needInside(name);
    const link = pax.get('linkpath') ?? text(block.subarray(157, 257));
    if (kind === 'hard-link') needInside(link);
    const isFile = kind === 'file';
    open = {
      name,
      entry: {
        path: memberPath(name),
        kind,
        mode: number(block.subarray(100, 108)) & 0o7777,
        uid: Number(pax.get('uid') ?? number(block.subarray(108, 116))),
        gid: Number(pax.get('gid') ?? number(block.subarray(116, 124))),
        changedAtSeconds: Math.floor(Number(pax.get('mtime') ?? number(block.subarray(136, 148)))),
        sizeBytes: isFile ? size : 0,
        target: kind === 'link' ? link : kind === 'hard-link' ? memberPath(link) : '',
      },
    };
    pax = new Map();
    content = isFile ? size : 0;
    padding = (BLOCK - (content % BLOCK)) % BLOCK;
    sink = isFile ? createHash('sha256') : 'skip';
    if (content === 0) close();
  };

  return {
    add: (chunk) => {
      let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (data.length > 0) {
        if (content > 0) {
          const part = data.subarray(0, content);
          // What is kept beyond this call must not be a view of a buffer that is used again.
          if (sink === 'pax') paxParts.push(Buffer.from(part));
          else if (sink !== 'skip') sink.update(part);
          content -= part.length;
          data = data.subarray(part.length);
          if (content === 0) close();
        } else if (padding > 0) {
          const part = Math.min(padding, data.length);
          padding -= part;
          data = data.subarray(part);
        } else if (data.length < BLOCK) {
          break;
        } else {
          header(data.subarray(0, BLOCK));
          data = data.subarray(BLOCK);
        }
      }
      rest = Buffer.from(data);
    },
    end: () => {
      if (content > 0 || padding > 0 || rest.length > 0 || emptyBlocks < 2) throw damaged('it is cut');
    },
  };
}
