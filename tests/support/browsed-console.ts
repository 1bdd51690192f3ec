import { afterAll, beforeAll, beforeEach } from 'vitest';
import { openBrowser, type TestBrowser } from './browser.ts';
import { startConsole, type TestConsole } from './console.ts';

/** There from the first `beforeAll` or test on. */
export interface BrowsedConsole {
  readonly running: TestConsole;
  readonly browser: TestBrowser;
}

/** For all tests of a `describe`: a console and a browser. A test that fails prints what the console logged. */
export function startBrowsedConsole(env?: Readonly<Record<string, string>>): BrowsedConsole {
  const stack = new AsyncDisposableStack();
  const scene: { running?: TestConsole; browser?: TestBrowser } = {};
  beforeAll(async () => {
    scene.running = stack.use(await startConsole(env));
    scene.browser = stack.use(await openBrowser());
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      process.stderr.write(`${scene.running?.log() ?? 'no console'}\n`);
    });
  });
  return scene as BrowsedConsole;
}
