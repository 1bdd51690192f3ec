import { finished, type Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../core/errors.ts';
import type { ToolExit } from './spawn-tool.ts';
import { ToolOutput } from './tool-output.ts';

/** How long a writer that died with its reader may take to be heard. */
const LAST_WORD_MS = 1000;

/** A program, and what it is to read. */
export interface Fed {
  readonly name: string;
  readonly stdin: Readable;
  readonly stdout: ToolOutput;
  readonly exit: Promise<ToolExit>;
  readonly isGood: (ended: ToolExit) => boolean;
  /** Lets `stdout` end or fail by how the program itself ended. */
  readonly end: (ended: ToolExit) => void;
}

const stoppedReading = (name: string): AppError =>
  new AppError('tool_failed', `${name} stopped reading before the end of its input`);
const cutOff = (name: string): AppError => new AppError('tool_failed', `the input of ${name} was cut off`);

/** The program reads what passes through this process. */
export function feed({ name, stdin, stdout, exit, isGood, end }: Fed, sink: Writable | null): void {
  let hasStopped = false;
  if (stdin.destroyed) stdout.destroy(stdin.errored ?? cutOff(name));
  sink?.on('error', () => {
    // Why the child stopped reading is what its exit tells; EPIPE would only hide that.
    hasStopped = true;
    stdin.destroy();
  });
  stdin.once('error', (error) => {
    stdout.destroy(error);
  });
  stdin.once('close', () => {
    // Closing the pipe here would look like the end of the data to the child, so it has to go first.
    if (!stdin.readableEnded && !hasStopped) stdout.destroy(cutOff(name));
  });
  stdout.once('close', () => {
    sink?.destroy();
  });
  void exit.then((ended) => {
    if (!stdout.destroyed && isGood(ended) && !stdin.readableEnded) stdout.destroy(stoppedReading(name));
    else end(ended);
  });
  if (sink !== null) stdin.pipe(sink);
}

/**
 * The program reads what another one writes, and sees the same end of it whether that one succeeded or died. So both have to
 * be heard, and the one to be named is the one that failed by itself and not because the other had gone.
 */
export async function judgeBoth({ name, stdin, stdout, exit, isGood, end }: Fed): Promise<void> {
  const writer = new Promise<Error | null>((resolve) => {
    finished(stdin, { writable: false }, () => {
      resolve(stdin.errored ?? (stdin.readableEnded ? null : cutOff(name)));
    });
  });
  const hasLostReader = (): boolean => stdin instanceof ToolOutput && stdin.hasLostReader;
  void writer.then((error) => {
    if (error !== null && !hasLostReader()) stdout.destroy(error);
  });
  const ended = await exit;
  if (isGood(ended)) {
    const error = await writer;
    if (error === null) end(ended);
    else stdout.destroy(hasLostReader() ? stoppedReading(name) : error);
  } else {
    // It may have failed over the half that a dying writer left; that one's own word comes in a moment.
    await Promise.race([writer, sleep(LAST_WORD_MS, undefined, { ref: false })]);
    end(ended);
  }
}
