import type { RunbookCommands } from '../contracts/runbook.ts';
import { fetchAndCheck, listBackups, query, SIZES } from './restore-commands.ts';
import type { RunbookNames } from './runbook-names.ts';
import type { RunbookStep } from './runbook-step.ts';

type Setting = Exclude<keyof RunbookCommands, 'logFolder'>;

/** A step whose command is the installation's own. */
export function ownStep(
  names: RunbookNames,
  setting: Setting,
  step: Pick<RunbookStep, 'id' | 'title' | 'text'>,
): RunbookStep {
  const command = names.commands[setting];
  return command === '' ? { ...step, commands: [], missing: setting } : { ...step, commands: [command] };
}

export const stopServices = (names: RunbookNames, why: string): RunbookStep =>
  ownStep(names, 'stopServices', { id: 'stop-services', title: 'Stop the API servers', text: why });

export const startServices = (names: RunbookNames): RunbookStep =>
  ownStep(names, 'startServices', {
    id: 'start-services',
    title: 'Restart the API servers',
    text: 'And whatever else writes to the database: workers, schedules, imports.',
  });

export const migrate = (names: RunbookNames): RunbookStep =>
  ownStep(names, 'migrate', {
    id: 'migrate',
    title: 'Bring the schema up to date',
    text: 'In the folder of the application: the backup may be older than its newest migration.',
  });

export const verifyApplication = (names: RunbookNames): RunbookStep =>
  ownStep(names, 'healthCheck', {
    id: 'verify-application',
    title: 'Verify that the application works',
    text: 'Sign in, open the newest records, write something and read it back. Then watch the errors for half an hour.',
  });

export function describeBackup({ backup, rtoMinutes }: RunbookNames): string {
  if (backup === null)
    return 'There is no backup of the whole database yet: BACKUP_FILE stands for its name in the commands.';
  const proof = backup.isProven
    ? 'proven by a restore'
    : 'not proven by a restore yet, so prefer an older proven one where you can';
  const minutes = backup.recoveryMs === null ? null : Math.max(1, Math.ceil(backup.recoveryMs / 60_000));
  const measured =
    minutes === null
      ? ''
      : ` Restoring it took ${minutes === 1 ? 'a minute or less' : `${String(minutes)} minutes`} when it was proven; the target for everything (RTO) is ${String(rtoMinutes)} minutes.`;
  return `The commands restore ${backup.filename}, taken ${backup.takenAt.slice(0, 16).replace('T', ' ')} UTC and ${proof}.${measured}`;
}

export const chooseBackup = (names: RunbookNames, isOffsite = false): RunbookStep => ({
  id: 'choose-backup',
  title: 'Identify the last good backup',
  text: `From Backups (/settings/backup), or from the folder or S3 when the console is down. It must be from before the damage: the row timeline shows when rows disappeared. ${describeBackup(names)}`,
  commands: listBackups(isOffsite && names.s3 !== null ? { ...names, localPath: '.' } : names),
});

export const fetchBackup = (names: RunbookNames, isOffsite = false): RunbookStep => ({
  id: 'fetch-backup',
  title: 'Fetch it and check that it is whole',
  text:
    names.backup?.isEncrypted === true
      ? 'The archive and the manifest beside it. It is encrypted: put the private age key in place of key.txt.'
      : 'The archive and the manifest beside it. Nothing is changed by this.',
  commands: fetchAndCheck(names, isOffsite),
});

export const checkData = (names: RunbookNames): RunbookStep => ({
  id: 'check-data',
  title: 'Check the data',
  text: 'Every table and its size. Compare with what you expect, above all in the tables the business lives on.',
  commands: [query(names, SIZES)],
});

export const switchTraffic: RunbookStep = {
  id: 'switch-traffic',
  title: 'Update DNS and the load balancer',
  text: 'Point them at the new server. Lower the TTL first where you still can, and wait until it has passed.',
  commands: [],
};
