import { shellQuote, sqlIdentifier } from '../client/shell-quote.ts';
import {
  checkData,
  chooseBackup,
  fetchBackup,
  migrate,
  startServices,
  stopServices,
  verifyApplication,
} from './common-steps.ts';
import {
  connect,
  dumpByHand,
  exchange,
  keptName,
  query,
  readEverything,
  restoreBeside,
  restoreByScript,
  restoredName,
  restoreToTime,
  verifyByScript,
} from './restore-commands.ts';
import type { RunbookNames } from './runbook-names.ts';
import type { RunbookStep, Scenario } from './runbook-step.ts';

const restoreDatabase = (names: RunbookNames): RunbookStep => ({
  id: 'restore-database',
  title: 'Restore the database',
  text: `In the folder of Holdfast. The script shows what it will do, asks for the name ${names.database}, backs up what is there first, and restores in one transaction: when it fails, the database is as it was. From the console the same is the restore button of a backup.`,
  commands: [restoreByScript(names)],
});

/** What comes instead where Holdfast itself is down. */
const restoreBesideAndExchange = (names: RunbookNames): RunbookStep => ({
  id: 'restore-by-kit',
  title: 'Only if Holdfast is down: restore with stock programs',
  text: `The restore.sh beside the archives needs neither Holdfast nor Node. It restores into ${restoredName(names)} and compares every table; the second command exchanges the two by name. The old database stays as ${keptName(names)} until you drop it.`,
  commands: [restoreBeside(names), exchange(names)],
});

export const databaseLoss = (names: RunbookNames): Scenario => ({
  id: 'database-loss',
  title: 'Database corruption or data loss',
  estimate: '30-45 minutes',
  symptoms: [
    'Queries return errors, or rows that make no sense',
    'Tables or many rows are gone',
    'Migrations fail on data that worked yesterday',
  ],
  decision:
    'Restore the whole database only when most of it is damaged: everything written since the backup is lost. For a few tables take “Accidental data deletion”; when reads fail with block errors try “Corruption, with a repair first”.',
  steps: [
    chooseBackup(names),
    stopServices(
      names,
      'Nothing may write while the database is replaced, and what is written now would be lost.',
    ),
    fetchBackup(names),
    restoreDatabase(names),
    restoreBesideAndExchange(names),
    migrate(names),
    {
      id: 'verify-backup',
      title: 'Verify the backup that was restored',
      text: 'In the folder of Holdfast: proves once more, in a temporary database, that this backup holds what its manifest says. It may run while the application starts.',
      commands: [verifyByScript(names)],
    },
    startServices(names),
    verifyApplication(names),
  ],
});

export const accidentalDeletion = (names: RunbookNames): Scenario => ({
  id: 'accidental-deletion',
  title: 'Accidental data deletion',
  estimate: '15-30 minutes',
  symptoms: [
    'Somebody deleted or overwrote rows',
    'A script or migration ran on the wrong database',
    'The row timeline shows a drop',
  ],
  decision:
    'Which tables, and since when? A whole table comes back from a backup. For a single record reconstruct it from the application’s audit log, or from a copy beside. What is still in the Redis cache does not help the database.',
  steps: [
    stopServices(
      names,
      'At once: what is written now has to be kept through the restore. For a single record they may go on.',
    ),
    {
      id: 'find-backup',
      title: 'Find the last backup that still had the rows',
      text: 'Row timeline (/tables) in the console shows the number of rows of a table in every backup. In the command put the table in place of TABLE.',
      commands: [query(names, 'select count(*) from TABLE')],
    },
    {
      id: 'point-in-time',
      title: 'Where the write-ahead log is archived: lose nothing since the backup',
      text: 'In the folder of Holdfast, where base-backup.sh and archive-wal.sh are in use; else go on. The first command archives what was written last. The second builds the server as it was just before the mistake, in a new folder; nothing live is touched. With --keep-running it stays up, and prints the pg_dump that takes a table out of it. Put the instant, with its offset from UTC, in place of INSTANT, and a folder that the user of the server may enter in place of NEW_FOLDER.',
      commands: [query(names, 'select pg_switch_wal()'), restoreToTime(names, 'INSTANT', 'NEW_FOLDER')],
    },
    fetchBackup(names),
    {
      id: 'restore-tables',
      title: 'Restore these tables',
      text: 'In the folder of Holdfast, with the tables in place of TABLE (a,b,c for several). Everything written to them since the backup is replaced; the script says so, asks, and backs up first.',
      commands: [restoreByScript(names, 'TABLE')],
    },
    {
      id: 'single-record',
      title: 'Or, for single records: restore beside and copy them',
      text: `Restores the whole backup into ${restoredName(names)}; nothing live is touched. Look there for the records, and write them back with the application or SQL; the audit log tells what they were.`,
      commands: [restoreBeside(names), query(names, 'select count(*) from TABLE', restoredName(names))],
    },
    {
      id: 'check-rows',
      title: 'Check the rows',
      text: 'Their number, the newest ones, and the tables that refer to them.',
      commands: [query(names, 'select count(*) from TABLE')],
    },
    startServices(names),
    verifyApplication(names),
  ],
});

export const corruption = (names: RunbookNames): Scenario => ({
  id: 'corruption',
  title: 'Corruption, with a repair first',
  estimate: '5-15 minutes for the repair, 30-45 minutes more with a restore',
  symptoms: [
    'Error: could not read block …, or invalid page in block …',
    'Data inconsistencies: an index finds other rows than the table holds',
    'Migrations failing with internal errors',
  ],
  decision:
    'A damaged index can be rebuilt; damaged table data cannot. Check the disk and its kernel messages first: on a failing disk do not repair, go to “Complete server failure”.',
  steps: [
    {
      id: 'identify',
      title: 'Identify the corruption',
      text: 'Reads every row, as a backup does, and keeps nothing. The error names the table.',
      commands: [readEverything(names)],
    },
    stopServices(names, 'Stop writes: each one may spread the damage.'),
    {
      id: 'keep-what-is-there',
      title: 'Keep what is there',
      text: 'A dump of the damaged database, as far as it can be read, on another disk. It holds what was written since the newest backup.',
      commands: [dumpByHand(names, 'damaged.dump')],
    },
    {
      id: 'repair',
      title: 'Attempt the repair',
      text: 'Rebuilds every index. This mends minor corruption, and never loses rows.',
      commands: [
        `psql ${connect(names)} --dbname ${shellQuote(names.database)} \\\n  --command ${shellQuote(`reindex database ${sqlIdentifier(names.database)}`)}`,
      ],
    },
    {
      id: 'read-again',
      title: 'Read everything again',
      text: 'If it ends without an error the repair was enough: go on with “Check the data”. If not, restore.',
      commands: [readEverything(names)],
    },
    chooseBackup(names),
    fetchBackup(names),
    restoreDatabase(names),
    restoreBesideAndExchange(names),
    checkData(names),
    startServices(names),
    verifyApplication(names),
  ],
});
