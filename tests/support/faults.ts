import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';

/** What goes wrong. Bytes are counted in the body of the request (upload) or of the answer (download). */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly code?: string }
  | { readonly kind: 'stall-upload' | 'reset-upload'; readonly atByte: number }
  | { readonly kind: 'stall-download' | 'reset-download' | 'flip-download'; readonly atByte: number }
  /** The server does what it was asked, and its answer is lost. */
  | { readonly kind: 'lose-answer' };

export interface Rule {
  readonly fault: Fault;
  /** Which requests; all when absent. `url` is the path with its query. */
  readonly when?: (method: string, url: string) => boolean;
  /** How often it strikes; for ever when absent. */
  readonly times?: number;
}

export interface FaultProxy {
  /** Speaks HTTP like the server behind it; the Host header passes unchanged, so signatures stay valid. */
  readonly endpoint: string;
  /** Every request so far, as `METHOD url`. */
  readonly requests: string[];
  add(rule: Rule): void;
  clear(): void;
  close(): Promise<void>;
}

/** Lets `bytes` through, then calls `strike` with the rest, which decides what still goes on. */
function after(atByte: number, strike: (rest: Buffer, pass: (chunk: Buffer) => void) => void): Transform {
  let seen = 0;
  let hasStruck = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const before = Math.max(0, Math.min(chunk.length, atByte - seen));
      seen += chunk.length;
      if (hasStruck || before === chunk.length) {
        done(null, chunk);
        return;
      }
      hasStruck = true;
      if (before > 0) this.push(chunk.subarray(0, before));
      strike(chunk.subarray(before), (rest) => {
        done(null, rest);
      });
    },
  });
}

/** An HTTP proxy in front of a server at `target`, which does what it is told to break. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const server = new URL(target);
  let rules: { rule: Rule; left: number }[] = [];
  const requests: string[] = [];

  const pick = (method: string, url: string): Fault | undefined => {
    const found = rules.find(({ rule, left }) => left > 0 && (rule.when?.(method, url) ?? true));
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.rule.fault;
  };
  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    const method = req.method ?? '';
    const url = req.url ?? '';
    requests.push(`${method} ${url}`);
    const fault = pick(method, url);
    req.on('error', () => undefined);
    res.on('error', () => undefined);
    if (fault?.kind === 'status') {
      req.resume().once('end', () => {
        const code = fault.code ?? 'InternalError';
        res.writeHead(fault.status, { 'content-type': 'application/xml' });
        res.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>made by a test</Message></Error>`);
      });
      return;
    }
    const cut = () => {
      req.socket.resetAndDestroy();
      upstream.destroy();
    };
    const upstream = request(
      { host: server.hostname, port: server.port, method, path: url, headers: req.headers },
      (answer) => {
        answer.on('error', () => undefined);
        if (fault?.kind === 'lose-answer') {
          answer.resume().once('end', cut);
          return;
        }
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        switch (fault?.kind) {
          case 'stall-download':
            answer.pipe(after(fault.atByte, () => undefined)).pipe(res);
            return;
          case 'reset-download':
            answer
              .pipe(
                after(fault.atByte, () => {
                  // What came before must leave this process first.
                  setTimeout(cut, 50);
                }),
              )
              .pipe(res);
            return;
          case 'flip-download':
            answer
              .pipe(
                after(fault.atByte, (rest, pass) => {
                  const changed = Buffer.from(rest);
                  changed[0] = (changed[0] ?? 0) ^ 1;
                  pass(changed);
                }),
              )
              .pipe(res);
            return;
          default:
            answer.pipe(res);
        }
      },
    );
    upstream.on('error', cut);
    switch (fault?.kind) {
      case 'stall-upload':
        req.pipe(after(fault.atByte, () => undefined)).pipe(upstream);
        return;
      case 'reset-upload':
        req.pipe(after(fault.atByte, cut)).pipe(upstream);
        return;
      default:
        req.pipe(upstream);
    }
  };
  const proxy = createServer({ keepAlive: true, requestTimeout: 0 }, handle);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    add: (rule) => {
      rules.push({ rule, left: rule.times ?? Infinity });
    },
    clear: () => {
      rules = [];
      requests.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => {
          resolve();
        });
        proxy.closeAllConnections();
      }),
  };
}

/** Runs `act` with the path of a file system of its own that holds `sizeMiB`. Needs root: describeWith('a full disk'). */
export async function withSmallTmpfs<T>(sizeMiB: number, act: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'hf-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=0700`, 'tmpfs', path]);
  try {
    return await act(path);
  } finally {
    // Lazily: a file that a failed test left open must not keep the mount.
    execFileSync('umount', ['-l', path]);
    rmdirSync(path);
  }
}
