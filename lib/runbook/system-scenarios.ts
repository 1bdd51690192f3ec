import { shellQuote } from '../client/shell-quote.ts';
import { ownStep, startServices, stopServices, verifyApplication } from './common-steps.ts';
import { dumpByHand, listBackups, query, verifyByScript } from './restore-commands.ts';
import type { RunbookNames } from './runbook-names.ts';
import type { RunbookStep, Scenario } from './runbook-step.ts';

const takeBackup = (id: string, title: string): RunbookStep => ({
  id,
  title,
  text: 'In the folder of Holdfast, or “Create backup now” in the console. It ends with exit code 0 only when the archive was read back.',
  commands: ['scripts/backup.sh'],
});

export const redisFailure = (names: RunbookNames): Scenario => ({
  id: 'redis-failure',
  title: 'Redis failure',
  estimate: '5-10 minutes',
  symptoms: [
    'The application is slow',
    'Log lines tell of refused connections to Redis',
    'Background jobs stand still',
  ],
  decision:
    'Redis is not critical: the application goes on without it, more slowly. Nothing is to be restored.',
  steps: [
    ownStep(names, 'restartRedis', {
      id: 'restart',
      title: 'Restart the Redis service',
      text: 'If it does not start, look at its log: most often the disk or the memory is full.',
    }),
    {
      id: 'ping',
      title: 'Ask whether it answers',
      text: 'It must answer PONG.',
      commands: ['redis-cli ping'],
    },
    {
      id: 'caches',
      title: 'Let the caches rebuild',
      text: 'They do so by themselves; the first minutes are slower.',
      commands: [],
    },
    {
      id: 'jobs',
      title: 'Look at the queues',
      text: 'BullMQ jobs that were running may need to be processed again: look for failed and stalled ones.',
      commands: [],
    },
    verifyApplication(names),
  ],
});

export function storageFull(names: RunbookNames): Scenario {
  const folder = shellQuote(names.localPath);
  const { logFolder } = names.commands;
  return {
    id: 'storage-full',
    title: 'Storage full',
    estimate: '10-20 minutes',
    symptoms: [
      'No space left on device',
      'Backups fail with storage_full',
      'The application slows down or refuses to write',
    ],
    decision:
      'Which disk: that of the backups, of the database, or of the logs? On the database’s disk never delete a file by hand, least of all in pg_wal. Never delete the newest proven backup to make room.',
    steps: [
      {
        id: 'disk-usage',
        title: 'Check disk usage',
        text: 'Which file system is full?',
        commands: ['df -h', `df -h ${folder}`],
      },
      {
        id: 'large-files',
        title: 'Identify what is large',
        text: 'In the folder of the backups, largest first.',
        commands: [`du -sh ${folder}/* | sort -hr | head -n 20`],
      },
      {
        id: 'old-backups',
        title: 'Clean old backups',
        text: 'The command lists those older than 60 days. Delete them in the console (Backups), which keeps the newest proven one and what is protected, and writes down who did it; shorten the retention if this happens again.',
        commands: [`find ${folder} -name '*.dump*' -mtime +60 -exec ls -lh {} +`],
      },
      logFolder === ''
        ? {
            id: 'old-logs',
            title: 'Compress old logs',
            text: 'Those older than a week.',
            commands: [],
            missing: 'logFolder',
          }
        : {
            id: 'old-logs',
            title: 'Compress old logs',
            text: 'Those older than a week.',
            commands: [`find ${shellQuote(logFolder)} -name '*.log' -mtime +7 -exec gzip {} +`],
          },
      {
        id: 'space-freed',
        title: 'Verify that space was freed',
        text: 'A fifth of the disk should be free.',
        commands: [`df -h ${folder}`],
      },
      takeBackup('resume', 'Resume backups'),
      {
        id: 'prevent',
        title: 'Prevent it',
        text: 'Watch the disk from 80 % on, let retention do the cleaning, and put backups on a disk of their own.',
        commands: [],
      },
    ],
  };
}

export const configurationLoss = (names: RunbookNames): Scenario => ({
  id: 'configuration-loss',
  title: 'Loss of configuration or certificates',
  estimate: '15-30 minutes',
  symptoms: [
    'The application does not start: variables or files are missing',
    'Browsers warn of the certificate',
    'Holdfast says that HOLDFAST_SECRET is missing or another one',
  ],
  decision:
    'The data is safe; do not restore the database. If a stranger may have read the files, replace every secret in them instead of restoring it.',
  steps: [
    ownStep(names, 'restoreConfiguration', {
      id: 'restore-configuration',
      title: 'Decrypt and extract the kept configuration',
      text: 'From where you keep it sealed, with the passphrase or key that is not on this server. Compare it with what is there before you put it to use.',
    }),
    {
      id: 'check-files',
      title: 'Check the files',
      text: 'Owner and mode: readable by the service alone. Every variable of .env.example that you had set is there again.',
      commands: [],
    },
    {
      id: 'certificates',
      title: 'Renew certificates rather than restore them',
      text: 'A certificate authority issues new ones in minutes (certbot renew --force-renewal). Restore old keys only where clients have pinned them.',
      commands: [],
    },
    {
      id: 'database-access',
      title: 'Check that the database lets you in',
      text: 'With the password that was just restored, from ~/.pgpass or typed.',
      commands: [query(names, 'select current_user, current_database(), now()')],
    },
    {
      id: 'backup-key',
      title: 'Check that encrypted backups can be opened',
      text: 'In the folder of Holdfast, with the private age key. A lost private key cannot be made again: make a new pair, set BACKUP_AGE_RECIPIENTS, and take a backup at once.',
      commands: [verifyByScript(names)],
    },
    stopServices(names, 'So that they read the files anew.'),
    startServices(names),
    verifyApplication(names),
  ],
});

export const backupSystemFailure = (names: RunbookNames): Scenario => ({
  id: 'backup-system-failure',
  title: 'Failure of the backup system itself',
  estimate: '30-60 minutes',
  symptoms: [
    'The overview says that a backup is overdue or that no worker is alive',
    'The console does not answer',
    'Nobody has heard of a backup for a day',
  ],
  decision: `Production is fine, so act without haste, but act today: each hour without a backup counts against the ${String(names.rpoHours)} hours that may be lost.`,
  steps: [
    {
      id: 'what-is-there',
      title: 'See which backups there are',
      text: 'Past the console: the newest file, and its manifest beside it.',
      commands: listBackups(names),
    },
    takeBackup('manual-backup', 'Switch to manual backups'),
    {
      id: 'without-holdfast',
      title: 'Only if Holdfast does not run at all: dump by hand',
      text: 'A plain dump without manifest; repeat it daily until all is well, and copy it off this machine.',
      commands: [dumpByHand(names, 'by_hand.dump'), 'pg_restore --file /dev/null by_hand.dump'],
    },
    {
      id: 'investigate',
      title: 'Find out what fails and mend it',
      text: 'Overview names what is wrong. Then the log of the worker, the catalogue’s PostgreSQL, free disk space, the passwords of database and S3. A lost catalogue is no lost backup: the archives and manifests are all there is to restore from, and the next three steps make a new history of them.',
      commands: [query(names, 'select version()'), `df -h ${shellQuote(names.localPath)}`],
    },
    {
      id: 'new-catalogue',
      title: 'Only if the catalogue is lost: set up an empty one',
      text: 'Create an empty database under the name in DATABASE_URL, on a server that runs. Then, in the folder of Holdfast, with the HOLDFAST_SECRET you keep elsewhere:',
      commands: ['npm run db:migrate'],
    },
    {
      id: 'sources-again',
      title: 'Only if the catalogue is lost: add the administrator and the sources again',
      text: 'The first administrator with “npm run holdfast -- user create”, then in the console each source beside the one of the environment, with the database, path or address and the file prefix it had: the names of its archives begin with that, and their manifests tell the rest. Passwords and settings have to be typed again. Set retention before the next step: it judges what is recorded.',
      commands: [],
    },
    {
      id: 'record-backups',
      title: 'Only if the catalogue is lost: record what lies at the destinations',
      text: 'In the folder of Holdfast. The first command only shows what would be recorded, and what cannot be and why; the second records it. Both may be repeated. The console offers the same in the menu of the history. What scripts/backup.sh took while the catalogue was away comes into the history by this too.',
      commands: ['npm run --silent holdfast -- rebuild --dry-run', 'npm run --silent holdfast -- rebuild'],
    },
    takeBackup('coverage', 'Close the gap'),
    {
      id: 'prove',
      title: 'Prove the automation again',
      text: 'Verify a backup by restoring it, and see the next scheduled one come by itself.',
      commands: [verifyByScript(names)],
    },
    {
      id: 'lessons',
      title: 'Write down what was learned',
      text: 'What failed, since when, who noticed and how, and what will notice it sooner.',
      commands: [],
    },
  ],
});
