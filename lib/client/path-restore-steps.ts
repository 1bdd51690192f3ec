import type { Manifest } from '../contracts/manifest.ts';
import { allKeysText, filesText } from './held-words.ts';
import type { RestoreStep } from './restore-step.ts';
import { shellQuote } from './shell-quote.ts';

const restoredAt = (path: string): string => `${path}_restored`;
const keptAt = (path: string): string => `${path}_before_restore`;
const lines = (...parts: readonly string[]): string => parts.join('\n');

/** What the steps need of a manifest; null where it could not be read. */
export type ToldBackup = Pick<Manifest, 'facts' | 'options'> | null;

/** What decides how a tree is put to use. */
function treeOf(told: ToldBackup) {
  const files = told?.facts.files ?? null;
  const only = told?.options.files?.only ?? null;
  return {
    only,
    isOneFile: only === null && files?.files === 1 && files.directories === 0,
    expected: files === null ? '' : ` The backup holds ${filesText(files)}.`,
  };
}

/** A folder of the tar's own, compared with the live one and exchanged for it by name. `dump` is the opened tar. */
export function filesSteps(path: string, dump: string, told: ToldBackup): readonly RestoreStep[] {
  const { only, isOneFile, expected } = treeOf(told);
  const restored = restoredAt(path);
  // The archive of a single file holds it under its own name.
  const folder = isOneFile ? `${restored}.folder` : restored;
  const unpack: RestoreStep = {
    title: 'Unpack it to a new path',
    text: `Beside what is in use, which stays untouched until you are sure. As root, so that owners come back too.${expected}`,
    command: lines(
      `mkdir ${shellQuote(folder)}`,
      `tar --extract --same-permissions --numeric-owner --file ${shellQuote(dump)} --directory ${shellQuote(folder)}`,
      ...(isOneFile
        ? [`mv ${shellQuote(`${folder}/${path.split('/').at(-1) ?? ''}`)} ${shellQuote(restored)}`]
        : []),
    ),
  };
  const compare = (one: string, other: string): string =>
    `diff --recursive --brief --no-dereference ${shellQuote(one)} ${shellQuote(other)}`;
  if (only !== null) {
    return [
      unpack,
      {
        title: 'Compare',
        text: 'It names what differs from what is in use, and prints nothing where the two are equal.',
        command: lines(...only.map((entry) => compare(`${path}/${entry}`, `${restored}/${entry}`))),
      },
      {
        title: 'Copy over what you need',
        text: `This backup holds only a part of ${path}, so do not put it in its place. Stop what uses the files first; what is overwritten is kept beside it with a ~ at its end.`,
        command: lines(
          ...only.map(
            (entry) =>
              `cp --archive --backup --no-target-directory ${shellQuote(`${restored}/${entry}`)} ${shellQuote(`${path}/${entry}`)}`,
          ),
        ),
      },
    ];
  }
  const whole: RestoreStep =
    told === null
      ? {
          title: 'Put it to use',
          text: `Whether it holds all of ${path} or a part of it could not be read from its manifest. Compare first; then copy over what you need, or exchange the two by name.`,
          command: null,
        }
      : {
          title: 'Stop what uses the files, then exchange the two by name',
          text: `${path} lives on as ${keptAt(path)} until you remove it yourself. A mounted volume cannot be renamed: copy into it instead.`,
          command: lines(
            `mv ${shellQuote(path)} ${shellQuote(keptAt(path))}`,
            `mv ${shellQuote(restored)} ${shellQuote(path)}`,
          ),
        };
  return [
    unpack,
    {
      title: 'Compare',
      text: `It names what is only in one of the two and what differs, and prints nothing where they are equal. Where ${path} is gone, look into the restored copy instead.`,
      command: compare(path, restored),
    },
    whole,
  ];
}

export function sqliteSteps(path: string, dump: string): readonly RestoreStep[] {
  const [live, kept] = [shellQuote(path), shellQuote(keptAt(path))];
  return [
    {
      title: 'Look for damage',
      text: 'It must print ok. Then look at the newest rows of your most important tables, for example with select.',
      command: `sqlite3 -readonly ${shellQuote(dump)} 'pragma integrity_check'`,
    },
    {
      title: 'Stop the application, then put the file in place',
      text: `What stands beside the old file (-wal, -shm, -journal) belongs to it and goes with it: read with the new one, it would damage it. The old database lives on as ${keptAt(path)}.`,
      command: lines(
        `for end in '' -wal -shm -journal; do [ ! -e ${live}"$end" ] || mv ${live}"$end" ${kept}"$end"; done`,
        `cp ${shellQuote(dump)} ${live}`,
      ),
    },
    {
      title: 'Let the application read and write it, then start it',
      text: 'The file belongs to you now. Give it to the user that the application runs as, with the rights the old one had.',
      command: lines(
        `[ ! -e ${kept} ] || chown --reference=${kept} ${live}`,
        `[ ! -e ${kept} ] || chmod --reference=${kept} ${live}`,
      ),
    },
  ];
}

/** `address`: `host:port`, where the server of the source is. */
export function redisSteps(address: string, dump: string, told: ToldBackup): readonly RestoreStep[] {
  const at = address.lastIndexOf(':');
  const connect = `redis-cli -h ${shellQuote(address.slice(0, at))} -p ${shellQuote(address.slice(at + 1))} --askpass`;
  const keys = told?.facts.keys ?? null;
  return [
    {
      title: 'Check the file',
      text: 'It must say that the file looks okay.',
      command: `redis-check-rdb ${shellQuote(dump)}`,
    },
    {
      title: 'Ask the server where it keeps its own file',
      text: 'dir and dbfilename together are its path, usually /var/lib/redis/dump.rdb. Leave out --askpass where it asks for no password. Where appendonly is yes, the server would load that file instead: set appendonly no in its configuration for the first start.',
      command: lines(
        `${connect} config get dir`,
        `${connect} config get dbfilename`,
        `${connect} config get appendonly`,
      ),
    },
    {
      title: 'Stop the server',
      text: 'First, or it writes its own file over yours. With save it writes once more what it holds now, so that nothing is lost that you may still want.',
      command: `${connect} shutdown save`,
    },
    {
      title: 'Put the file in place',
      text: 'On the machine of the server; put the path that the server named in place of this one. Its old file lives on beside it.',
      command: lines(
        'mv /var/lib/redis/dump.rdb /var/lib/redis/dump_before_restore.rdb',
        `cp ${shellQuote(dump)} /var/lib/redis/dump.rdb`,
        'chown --reference=/var/lib/redis/dump_before_restore.rdb /var/lib/redis/dump.rdb',
      ),
    },
    {
      title: 'Start the server, and compare',
      text: `Start it as you always do.${keys === null ? '' : ` The backup held ${allKeysText(keys)}.`} Keys that expired since are not there any more.`,
      command: `${connect} info keyspace`,
    },
  ];
}
