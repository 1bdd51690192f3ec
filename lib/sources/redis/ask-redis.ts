import { connect, type Socket } from 'node:net';
import { AppError } from '../../core/errors.ts';
import type { RedisPlace } from '../../platform/config.ts';
import type { SourceContext } from '../source.ts';
import { addressOf, translateRedisReply, unreachable } from './redis-errors.ts';

/** More than any INFO: something that is no Redis may send without end. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What a server tells of itself. */
export interface RedisInfo {
  /** Of Valkey its own, not the Redis version that it stands for. */
  readonly productVersion: string;
  readonly usedMemoryBytes: number;
  readonly isLoading: boolean;
  readonly isReplicaAlone: boolean;
  /** Keys of each database that has any. */
  readonly keys: ReadonlyMap<number, number>;
}

const command = (...words: readonly string[]): string =>
  `*${String(words.length)}\r\n${words.map((word) => `$${String(Buffer.byteLength(word))}\r\n${word}\r\n`).join('')}`;

/**
 * Signs in and asks INFO over a connection of its own. Throws `source_unreachable`, also where nothing comes for `withinMs`, `source_auth`, or
 * `config` where something else than Redis answers.
 */
export async function askRedis(
  place: RedisPlace,
  ctx: Pick<SourceContext, 'signal'>,
  withinMs: number,
): Promise<RedisInfo> {
  ctx.signal.throwIfAborted();
  const { host, port, user, password } = place;
  const secret = password?.reveal() ?? null;
  const isSignedIn = secret !== null;
  const socket = connect({ host, port });
  // Reading tells it; without a listener one that comes just after that would end the worker.
  socket.on('error', () => undefined);
  const onAbort = (): void => {
    socket.destroy(ctx.signal.reason as Error);
  };
  ctx.signal.addEventListener('abort', onAbort, { once: true });
  socket.setTimeout(withinMs, () => {
    socket.destroy(unreachable(place, 'it does not answer'));
  });
  try {
    if (isSignedIn) socket.write(command('AUTH', ...(user === null ? [] : [user]), secret));
    socket.write(command('INFO'));
    const [first, second] = await readReplies(socket, place, isSignedIn ? 2 : 1);
    // A password that no server asks for is refused with ERR, and harms nobody.
    if (isSignedIn && first !== undefined && /^-(?!ERR)/.test(first)) throw translateRedisReply(place, first);
    const info = (isSignedIn ? second : first) ?? '';
    if (info.startsWith('-')) throw translateRedisReply(place, info);
    return parseInfo(place, info);
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    throw unreachable(place, wordsFor(thrown), thrown);
  } finally {
    ctx.signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** Simple strings and errors with their sign, bulk strings without. */
async function readReplies(socket: Socket, place: RedisPlace, count: number): Promise<readonly string[]> {
  const replies: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf('\r\n');
      if (end === -1) break;
      const line = rest.toString('utf8', 0, end);
      const length = /^\$(\d+)$/.exec(line)?.[1];
      const after = end + 2 + (length === undefined ? 0 : Number(length) + 2);
      if (!/^[-+$]/.test(line) || after > MAX_BYTES) throw notRedis(place);
      if (rest.length < after) break;
      replies.push(length === undefined ? line : rest.toString('utf8', end + 2, after - 2));
      rest = rest.subarray(after);
      if (replies.length === count) return replies;
    }
    if (rest.length > MAX_BYTES) throw notRedis(place);
  }
  // Protected mode says why, once, and hangs up.
  const [only] = replies;
  if (only?.startsWith('-') === true) throw translateRedisReply(place, only);
  throw unreachable(place, 'it hung up without an answer');
}

const notRedis = (place: RedisPlace): AppError =>
  new AppError('config', `what answers at ${addressOf(place)} is not Redis`, {
    hint: 'Check host and port; one that only speaks TLS cannot be backed up yet.',
  });

function wordsFor(thrown: unknown): string {
  switch (thrown instanceof Error && 'code' in thrown ? thrown.code : null) {
    case 'ECONNREFUSED':
      return 'nobody listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name is not known';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was lost';
    default:
      return 'no connection could be made';
  }
}

function parseInfo(place: RedisPlace, info: string): RedisInfo {
  const fields = new Map(
    info.split('\r\n').flatMap((line) => {
      const cut = line.indexOf(':');
      return cut <= 0 || line.startsWith('#') ? [] : [[line.slice(0, cut), line.slice(cut + 1)] as const];
    }),
  );
  const productVersion = fields.get('valkey_version') ?? fields.get('redis_version');
  if (productVersion === undefined) throw notRedis(place);
  const keys = new Map<number, number>();
  for (const [name, value] of fields) {
    const index = /^db(\d+)$/.exec(name)?.[1];
    const count = /^keys=(\d+)\b/.exec(value)?.[1];
    if (index !== undefined && count !== undefined) keys.set(Number(index), Number(count));
  }
  return {
    productVersion,
    usedMemoryBytes: Number(fields.get('used_memory') ?? 0),
    isLoading: fields.get('loading') === '1',
    isReplicaAlone: fields.get('role') === 'slave' && fields.get('master_link_status') !== 'up',
    keys,
  };
}
