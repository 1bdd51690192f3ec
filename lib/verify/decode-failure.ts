import { AppError } from '../core/errors.ts';
import type { ChainLink } from '../tools/start-chain.ts';
import { lastLine, toolFailed } from '../tools/start-tool.ts';

/** Why a chain of decoders did not come to its end. */
export interface DecodeFailure {
  /** FAILED: the archive is at fault. UNKNOWN: this machine is. */
  readonly verdict: 'FAILED' | 'UNKNOWN';
  readonly error: AppError;
}

const isFine = ({ exit, startError }: ChainLink): boolean => startError === undefined && exit.code === 0;

/** It stopped because the next one no longer read. */
const lostItsReader = ({ exit }: ChainLink): boolean =>
  exit.signal === 'SIGPIPE' ||
  (exit.signal === null && /broken pipe|connection reset/i.test(exit.stderrTail));

const unknown = (error: AppError): DecodeFailure => ({ verdict: 'UNKNOWN', error });

/** What went wrong in a chain, which is what went wrong first in it; null when all of it ended well. */
export function decodeFailure(links: readonly ChainLink[]): DecodeFailure | null {
  const bad = links.filter((link) => !isFine(link));
  const first = bad.find((link) => !lostItsReader(link));
  if (first !== undefined) return judgeLink(first);
  if (bad.length === 0) return null;
  return {
    verdict: 'FAILED',
    error: new AppError('integrity', 'the archive goes on after the end of its dump', {
      hint: 'Something was appended to it: look who writes there, and take a new backup.',
    }),
  };
}

/** The line that tells most: age and others end with an advertisement. */
const toldBy = ({ name, exit }: ChainLink): string =>
  exit.stderrTail
    .split('\n')
    .find((line) => line.startsWith(`${name}: error: `))
    ?.trim() ?? lastLine(exit.stderrTail);

function judgeLink(link: ChainLink): DecodeFailure {
  const { name, exit, startError } = link;
  if (startError !== undefined) return unknown(startError);
  // Nobody reads what a killed program thought of the archive.
  if (exit.signal !== null) return unknown(toolFailed(name, exit));
  const said = exit.stderrTail;
  const line = toldBy(link);
  if (/no space left on device|disk quota exceeded/i.test(said)) {
    return unknown(
      new AppError('storage_full', 'the disk that holds decoded archives is full', {
        hint: 'Make room under BACKUP_VERIFY_DIR, or name a folder on a larger disk there.',
      }),
    );
  }
  if (/out of memory|not enough memory|cannot allocate memory/i.test(said))
    return unknown(toolFailed(name, exit));
  if (name === 'age' && /no identity matched/.test(said)) {
    return unknown(
      new AppError('wrong_key', 'the private key does not open this archive', {
        hint: 'Name the identity file of one of the recipients in the manifest in BACKUP_AGE_IDENTITY_FILE.',
      }),
    );
  }
  if (name === 'age' && /error: reading "|passphrase/.test(said)) {
    return unknown(
      new AppError('wrong_key', `the private key cannot be used: ${line}`, {
        hint: 'BACKUP_AGE_IDENTITY_FILE must name a file with a plain age identity that this user may read.',
      }),
    );
  }
  if (name === 'pg_restore' && /unsupported version|does not support compression/.test(said)) {
    return unknown(
      new AppError('tool_version', `this pg_restore cannot read the archive: ${line}`, {
        hint: 'Install the client programs of the major version that the manifest names, or newer ones.',
      }),
    );
  }
  return {
    verdict: 'FAILED',
    error: new AppError('integrity', `the archive cannot be decoded to its end: ${line}`, {
      hint: 'Do not count on this backup: take a new one, and find out what changed the archive.',
      fields: { tool: name, exitCode: exit.code },
    }),
  };
}
