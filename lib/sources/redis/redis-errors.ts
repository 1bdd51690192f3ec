import { AppError } from '../../core/errors.ts';
import type { RedisPlace } from '../../platform/config.ts';
import { toolFailed } from '../../tools/start-tool.ts';
import type { ToolExit } from '../../tools/spawn-tool.ts';

export const addressOf = ({ host, port }: Pick<RedisPlace, 'host' | 'port'>): string =>
  `${host}:${String(port)}`;

export function unreachable(place: RedisPlace, why: string, cause?: unknown): AppError {
  return new AppError('source_unreachable', `${addressOf(place)} cannot be reached: ${why}`, {
    hint: 'Check host and port, whether Redis runs there, and whether it listens on more than its own machine; one that only speaks TLS cannot be backed up yet.',
    cause,
  });
}

/** What Redis answers with instead: `NOPERM this user has no permissions to run the 'sync' command`. Its first word is a field. */
export function translateRedisReply(place: RedisPlace, reply: string): AppError {
  const address = addressOf(place);
  const word = /^-?([A-Z]+)\b/.exec(reply)?.[1] ?? 'ERR';
  const say = (code: AppError['code'], message: string, hint: string): AppError =>
    new AppError(code, message, { hint, fields: { reply: word } });
  switch (word) {
    case 'NOAUTH':
    case 'WRONGPASS':
      return say(
        'source_auth',
        `${address} does not accept this user and password`,
        'Correct user and password of the source; without a user the password is that of "requirepass".',
      );
    case 'NOPERM':
      return say(
        'source_auth',
        `${address} does not let this user do what a backup needs`,
        'Let the user do it: ACL SETUSER NAME +ping +info +sync +psync +replconf.',
      );
    case 'DENIED':
      return say(
        'source_auth',
        `${address} is in protected mode`,
        'Give its default user a password, or let the worker reach it over an address that it trusts.',
      );
    case 'LOADING':
      return stillLoading(place);
    case 'NOMASTERLINK':
    case 'MASTERDOWN':
      return withoutMaster(place);
    default:
      return /unknown command/i.test(reply)
        ? say(
            'config',
            `${address} does not hand out snapshots`,
            'The replication protocol is needed, which some managed services keep to themselves: use what that service offers.',
          )
        : say(
            'source_unreachable',
            `${address} refused: ${reply.replace(/^-/, '')}`,
            'Read in the log of Redis what it says at this time.',
          );
  }
}

/** Whether the server said this itself, and so lives. */
export const isReply = (error: unknown): boolean => error instanceof AppError && 'reply' in error.fields;

export const stillLoading = (place: RedisPlace): AppError =>
  new AppError('source_unreachable', `${addressOf(place)} is still loading its data`, {
    hint: 'Try again when it has started.',
    fields: { reply: 'LOADING' },
  });

export const withoutMaster = (place: RedisPlace): AppError =>
  new AppError('source_unreachable', `${addressOf(place)} is a replica that is not connected to its master`, {
    hint: 'Mend the replication, or back up the master itself.',
    fields: { reply: 'NOMASTERLINK' },
  });

/** What an unsuccessful end of `redis-cli --rdb` means. */
export function translateCliExit(place: RedisPlace, name: string, exit: ToolExit): AppError {
  const said = exit.stderrTail;
  if (exit.signal !== null) return toolFailed(name, exit);
  if (/No space left|Disk quota exceeded/i.test(said)) {
    return new AppError('storage_full', 'there is no room left for the snapshot', {
      hint: 'Make room in the folder that HOLDFAST_DATA_DIR names, or name one on a larger disk there.',
    });
  }
  const reply = /(?:with master failed|AUTH failed): -?(.+)/.exec(said)?.[1];
  if (reply !== undefined) return translateRedisReply(place, reply);
  if (/could not connect/i.test(said)) return unreachable(place, 'it does not answer');
  if (
    /SYNCing|from socket|writing to (?:the )?(?:master|server)|I\/O error|server closed|connection reset|broken pipe/i.test(
      said,
    )
  )
    return unreachable(place, 'the connection was lost');
  return toolFailed(name, exit);
}
