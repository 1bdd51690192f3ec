import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface Throttle {
  readonly port: number;
  /** What the server may send to the client from now on; Infinity lets everything pass. */
  limit(bytesPerSecond: number): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 that slows down what the server behind it sends: a dump that takes as long as a test wants. */
export async function startThrottle(targetPort: number): Promise<Throttle> {
  let rate = Infinity;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    const slow = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const wait =
          rate === Infinity || chunk.length < 2000 ? 0 : Math.min(500, (chunk.length / rate) * 1000);
        setTimeout(() => {
          done(null, chunk);
        }, wait);
      },
    });
    upstream.pipe(slow).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address !== 'object') throw new Error('no port');
  return {
    port: address.port,
    limit: (bytesPerSecond) => {
      rate = bytesPerSecond;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
