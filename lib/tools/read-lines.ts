import type { Readable } from 'node:stream';

/** The whole lines of what a program prints, as they come. Throws what the body throws. */
export async function* readLines(body: Readable): AsyncGenerator<string> {
  let rest = '';
  body.setEncoding('utf8');
  for await (const chunk of body as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
