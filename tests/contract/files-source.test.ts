import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '#lib/platform/config.ts';
import { createFilesSource } from '#lib/sources/files/files-source.ts';
import { childrenOf } from '../support/children.ts';
import { sourceContract } from './source.contract.ts';

const config = parseConfig({ PATH: process.env['PATH'] });

const contentOf = (root: string): unknown =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const content = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
      return [path.slice(root.length), content].join(' ');
    })
    .toSorted();

const traits = { hasTables: false, hasChoice: false, hasServer: false, isStreamed: true };
sourceContract('files', traits, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-files-'));
  const root = join(folder, 'uploads');
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
  for (let index = 0; index < 40; index += 1)
    writeFileSync(join(root, 'a', `picture ${String(index)}.bin`), Buffer.alloc(200_000, index));
  writeFileSync(join(root, 'a', 'b', 'note'), 'a note');
  symlinkSync('../nowhere', join(root, 'dangling'));
  const source = (path: string) =>
    createFilesSource(config, { kind: 'files', path, only: null, excludes: [] });
  return Promise.resolve({
    source: source(root),
    absent: source(join(folder, 'gone')),
    processes: () =>
      childrenOf(process.pid)
        .map(({ argv }) => argv)
        .filter((argv) => argv.includes('--create') && argv.includes(root)),
    connections: () => Promise.resolve(0),
    content: () => Promise.resolve(contentOf(root)),
    restore: (dump) => {
      const restored = mkdtempSync(join(folder, 'restored-'));
      execFileSync('tar', ['--extract', `--directory=${restored}`], { input: dump });
      return Promise.resolve(contentOf(restored));
    },
    close: () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  });
});
