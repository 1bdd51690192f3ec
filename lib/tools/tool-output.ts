import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';

const HIGH_WATER_BYTES = 256 * 1024;

export interface ToolOutputOptions {
  /** The stream that Node made of the program's stdout; or the end of a pipe, closed here unless it is given away. */
  readonly from: Readable | number | null;
  /** Stops the program; settles when it has gone. */
  stop(): Promise<unknown>;
  tap?(chunk: Buffer): void;
}

/**
 * What a program writes. It ends when all of it was read and `allow` was called, and never before. Where the program writes into a
 * pipe, its bytes need not pass through this process: `give` hands the pipe to another program. This stream then has no
 * data, but still tells by its end or its error how the program ended.
 */
export class ToolOutput extends Readable {
  /** The program failed because whoever read from it had gone: the reader knows why. */
  hasLostReader = false;
  readonly #options: ToolOutputOptions;
  /** Of a pipe that nobody reads from yet. */
  #readEnd: number | undefined;
  #source: Readable | undefined;
  #isDrained: boolean;
  #isAllowed = false;
  #hasEnded = false;

  constructor(options: ToolOutputOptions) {
    super({ highWaterMark: HIGH_WATER_BYTES });
    this.#options = options;
    const { from } = options;
    if (typeof from === 'number') this.#readEnd = from;
    // A program is said to have gone only after its own stdout was read.
    this.#isDrained = typeof from !== 'number';
    if (from instanceof Readable) this.#readFrom(from);
    // Nobody may be listening yet when a run is cancelled; whoever reads later still gets the error.
    this.on('error', () => undefined);
  }

  /** Whether another program can still be given it. */
  get isPipe(): boolean {
    return this.#readEnd !== undefined;
  }

  /** The end of the pipe for the one program that reads from it, to be closed here as soon as that one has it. */
  give(): number | undefined {
    const readEnd = this.#readEnd;
    if (readEnd === undefined) return undefined;
    this.#readEnd = undefined;
    this.#isDrained = true;
    this.#endIfOver();
    // Nobody else will read it to its end.
    this.resume();
    return readEnd;
  }

  /** The program ended well. */
  allow(): void {
    this.#isAllowed = true;
    this.#endIfOver();
  }

  override _read(): void {
    if (this.#readEnd !== undefined) {
      const socket = new Socket({ fd: this.#readEnd, readable: true, writable: false });
      this.#readEnd = undefined;
      socket.once('error', (error) => this.destroy(error));
      socket.once('end', () => {
        this.#isDrained = true;
        this.#endIfOver();
      });
      this.#readFrom(socket);
    }
    this.#source?.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#readEnd !== undefined) closeSync(this.#readEnd);
    this.#readEnd = undefined;
    // What the program still has to say is nobody's business, but unread it would keep it from being said to have gone.
    this.#source?.removeAllListeners('data').resume();
    void this.#options.stop().then(() => {
      if (this.#source !== this.#options.from) this.#source?.destroy();
      done(error);
    });
  }

  #readFrom(source: Readable): void {
    this.#source = source;
    source.on('data', (chunk: Buffer) => {
      this.#options.tap?.(chunk);
      if (!this.push(chunk)) source.pause();
    });
    source.pause();
  }

  #endIfOver(): void {
    if (!this.#isAllowed || !this.#isDrained || this.#hasEnded || this.destroyed) return;
    this.#hasEnded = true;
    this.push(null);
  }
}
