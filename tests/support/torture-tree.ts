import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const isRoot = process.geteuid?.() === 0;
/** Of a file that is holes and nothing else. */
const SPARSE_BYTES = 128 * 1024 * 1024;
/** Larger than the 21 bits for which a plain tar header has room. */
const LARGE_ID = 3_000_000;

/** Everything a tree of files can hold, in a folder that is there and empty; as root also what only root can make. */
export async function growTortureTree(root: string): Promise<void> {
  const at = (...parts: string[]): string => join(root, ...parts);
  for (const folder of ['empty', 'odd', 'links', 'times', 'modes', 'special']) mkdirSync(at(folder));

  const long = Array.from({ length: 6 }, (_, index) => `${'n'.repeat(59)}${String(index)}`);
  mkdirSync(at(...long.slice(0, 2)), { recursive: true });
  writeFileSync(at(...long.slice(0, 2), 'longer than a plain header'), 'a');
  mkdirSync(at(...long), { recursive: true });
  writeFileSync(at(...long, `longer than a prefix ${'x'.repeat(200)}`), 'b');
  symlinkSync('t'.repeat(300), at('links', 'long target'));

  const names = [
    'a\nnewline',
    `"quotes" 'of' \`all\` kinds`,
    '-rf',
    '--checkpoint-action=exec=sh',
    'back\\slash\\n\\101',
    'ü and 日本',
    ' space ',
    '*?[a]',
    '\u0001\u007f',
  ];
  for (const name of names) writeFileSync(at('odd', name), name);
  writeFileSync(Buffer.from([...Buffer.from(at('odd')), 0x2f, 0xff, 0xfe, 0x0a, 0xe4]), 'not UTF-8');

  writeFileSync(at('nothing'), '');
  writeFileSync(at('a block'), randomBytes(512));
  writeFileSync(at('a block and a byte'), randomBytes(513));
  writeFileSync(at('many'), randomBytes(3_000_000));
  writeFileSync(at('holes'), '');
  truncateSync(at('holes'), SPARSE_BYTES);

  symlinkSync('/nowhere/at/all', at('links', 'to nowhere'));
  symlinkSync('/etc/passwd', at('links', 'out of the tree'));
  symlinkSync('..', at('links', 'up'));
  writeFileSync(at('links', 'z first'), 'one content, four names');
  linkSync(at('links', 'z first'), at('links', 'a later'));
  linkSync(at('links', 'z first'), at('links', 'm later'));
  linkSync(at('links', 'z first'), at('odd', 'elsewhere'));
  linkSync(at('links', 'up'), at('links', 'up too'));

  execFileSync('mkfifo', [at('special', 'pipe')]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at('special', 'bound'), resolve));
  // Closing a server takes the name it was bound to, and a socket under another stays.
  renameSync(at('special', 'bound'), at('special', 'socket'));
  await new Promise((resolve) => server.close(resolve));

  for (const [name, time] of [
    ['before 1970', '1969-07-20T20:17:40.5Z'],
    ['in 1970', '1970-01-01T00:00:00Z'],
    ['after 2038', '2100-02-03T04:05:06.999Z'],
  ] as const) {
    writeFileSync(at('times', name), name);
    utimesSync(at('times', name), new Date(time), new Date(time));
  }
  lutimesSync(at('links', 'to nowhere'), new Date('2001-02-03T04:05:06Z'), new Date('2001-02-03T04:05:06Z'));

  for (const [name, mode] of [
    ['set user id', 0o4755],
    ['set group id', 0o2755],
    ['read by all', 0o444],
    ['shut', isRoot ? 0o000 : 0o400],
  ] as const) {
    writeFileSync(at('modes', name), name);
    chmodSync(at('modes', name), mode);
  }
  mkdirSync(at('modes', 'sticky'));
  chmodSync(at('modes', 'sticky'), 0o1777);
  if (isRoot) {
    mkdirSync(at('modes', 'shut folder'));
    writeFileSync(at('modes', 'shut folder', 'inside'), 'inside');
    chmodSync(at('modes', 'shut folder'), 0o000);
    for (const [name, uid, gid] of [
      ['of nobody', 65_534, 65_534],
      ['of a large id', LARGE_ID, LARGE_ID + 1],
    ] as const) {
      writeFileSync(at('modes', name), name);
      chownSync(at('modes', name), uid, gid);
    }
    execFileSync('mknod', [at('special', 'null'), 'c', '1', '3']);
  }
  chmodSync(root, 0o750);
}
