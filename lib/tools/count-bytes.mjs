// Passes standard input on to standard output, and says on standard error how many bytes it was, and at the end their SHA-256 too:
// one JSON object a line. A process of its own that waits for each read and write costs half of what the same takes in an event
// loop; plain JavaScript, for it starts in a third of the time and with 18 MB less (docs/adr/0033).
import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';

const TELL_EVERY_MS = 200;
/** What a shell says of a program that SIGPIPE ended: whoever read has gone. Node itself ignores that signal. */
const LOST_READER = 141;

const buffer = Buffer.allocUnsafeSlow(256 * 1024);
const hash = createHash('sha256');
let bytes = 0;
let toldAtMs = performance.now();
const tell = (what) => writeSync(2, `${JSON.stringify(what)}\n`);

try {
  for (;;) {
    const length = readSync(0, buffer);
    if (length === 0) break;
    let written = 0;
    while (written < length) written += writeSync(1, buffer, written, length - written);
    hash.update(buffer.subarray(0, length));
    bytes += length;
    const nowMs = performance.now();
    if (nowMs - toldAtMs < TELL_EVERY_MS) continue;
    toldAtMs = nowMs;
    tell({ bytes });
  }
  tell({ bytes, sha256: hash.digest('hex') });
} catch (error) {
  if (error.code !== 'EPIPE') throw error;
  process.exitCode = LOST_READER;
}
