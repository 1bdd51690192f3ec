import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AppError } from '#lib/core/errors.ts';
import { parseConfig } from '#lib/platform/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'hf-hooks-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const stop = { name: 'stop-app', command: ['/usr/bin/systemctl', 'stop', 'ims'] };
const answers = { name: 'app-answers', healthUrl: 'http://127.0.0.1:8080/health', timeoutSeconds: 120 };

function hooksOf(content: unknown, mode = 0o600) {
  const path = join(folder, 'hooks.json');
  rmSync(path, { force: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return parseConfig({ HOLDFAST_HOOKS_FILE: path }).hooks;
}

test('commands before, commands and addresses after', () => {
  expect(hooksOf({ before: [stop], after: [answers] })).toEqual({
    before: [{ ...stop, timeoutSeconds: 60 }],
    after: [answers],
  });
});

test('none where no file is named, and none of a kind that the file leaves out', () => {
  expect(parseConfig({}).hooks).toEqual({ before: [], after: [] });
  expect(hooksOf({}, 0o644)).toEqual({ before: [], after: [] });
});

test.each<[string, unknown, RegExp, number?]>([
  ['a file that is not JSON', '{"before": [', /is not JSON/],
  ['an unknown key', { befor: [stop] }, /befor/],
  ['an unknown key of a command', { before: [{ ...stop, asRoot: true }] }, /before\.0 .*asRoot/],
  ['a command that is one string', { before: [{ name: 'x', command: '/bin/true' }] }, /before\.0\.command/],
  ['a relative path', { before: [{ name: 'x', command: ['systemctl'] }] }, /absolute path/],
  ['a relative path afterwards', { after: [{ name: 'x', command: ['npx', 'y'] }] }, /absolute path/],
  ['no program', { after: [{ name: 'x', command: [] }] }, /after\.0/],
  ['a name twice', { before: [stop], after: [{ ...answers, name: 'stop-app' }] }, /"stop-app" twice/],
  ['a name with a space', { before: [{ ...stop, name: 'stop app' }] }, /before\.0\.name/],
  ['another protocol', { after: [{ name: 'x', healthUrl: 'file:///etc/passwd' }] }, /http:\/\//],
  ['a password', { after: [{ name: 'x', healthUrl: 'http://a:b@localhost/' }] }, /password/],
  ['an address before', { before: [answers] }, /before\.0/],
  ['a limit of nothing', { before: [{ ...stop, timeoutSeconds: 0 }] }, /timeoutSeconds/],
  ['a file that others may write', { before: [stop] }, /others may write/, 0o602],
  ['a file that its group may write', { before: [stop] }, /others may write/, 0o620],
])('%s is refused by the name of the variable', (_what, content, said, mode) => {
  const error = (() => {
    try {
      hooksOf(content, mode);
    } catch (thrown) {
      return thrown;
    }
    return null;
  })();
  expect(error).toBeInstanceOf(AppError);
  const { code, message, hint, fields } = error as AppError;
  expect(message).toMatch(/^HOLDFAST_HOOKS_FILE /);
  expect(message).toMatch(said);
  expect(code).toBe('config');
  expect(hint).toContain('start again');
  expect(fields).toMatchObject({ variable: 'HOLDFAST_HOOKS_FILE' });
});

test('a file that is not there is refused', () => {
  expect(() => parseConfig({ HOLDFAST_HOOKS_FILE: join(folder, 'nowhere.json') })).toThrow(/cannot be read/);
});
