import type { AuditEntry } from '../contracts/audit.ts';
import { humanBytes } from '../core/bytes.ts';
import { shortDuration } from './durations.ts';

const verbs: Readonly<Record<string, string>> = {
  'backup.create': 'started a backup',
  'backup.cancel': 'cancelled a backup',
  'backup.delete': 'deleted a backup',
  'backup.download': 'asked for a download link',
  'backup.complete': 'completed a backup',
  'backup.fail': 'recorded a failed backup',
  'backup.expire': 'let a backup expire',
  'backup.deleted': 'removed the objects of a backup',
  'backup.preview-rebuild': 'looked for backups that are not in the history',
  'backup.rebuild': 'asked to record the backups that are not in the history',
  'backup.record': 'recorded a backup from its manifest',
  'backup.record-copy': 'recorded a further copy of a backup',
  'retention.run': 'let retention clean up',
  'verification.start': 'asked for a verification',
  'verification.cancel': 'cancelled a verification',
  'verification.complete': 'verified a backup',
  'verification.fail': 'recorded a failed verification',
  'drill.start': 'asked for a drill',
  'drill.complete': 'ended a drill',
  'drill.fail': 'recorded a failed drill',
  'drill.key': 'made a key that signs reports of drills',
  'schedule.missed': 'noted a missed slot of the schedule',
  'settings.change': 'changed the settings',
  'source.create': 'added a source',
  'source.change': 'changed a source',
  'source.disable': 'disabled a source',
  'source.enable': 'enabled a source',
  'source.test': 'tested the connection of a source',
  'source.discover': 'listed the databases of a server',
  'restore.start': 'started a restore',
  'restore.run': 'restored a backup from the command line',
  'restore.cancel': 'cancelled a restore',
  'restore.look': 'looked at the rows of a restored copy',
  'restore.complete': 'completed a restore',
  'restore.fail': 'recorded a failed restore',
  'restore.swap': 'swapped a restored copy in',
  'restore.undo': 'put back what was there before a restore',
  'restore.request-swap': 'asked for the swap of a restored copy',
  'restore.request-undo': 'asked to undo a restore',
  'restore.request-drop-kept': 'asked to drop what a restore had left',
  'restore.drop-kept': 'dropped what a restore had left',
  'incident.start': 'started to work through a scenario of the runbook',
  'incident.tick': 'ticked a step of the runbook',
  'incident.untick': 'took back a tick of the runbook',
  'incident.finish': 'finished a scenario of the runbook',
  'token.create': 'created an API token',
  'token.revoke': 'revoked an API token',
  'user.sign-in': 'signed in',
  'user.sign-in-failed': 'failed to sign in',
  'user.create': 'added a user',
  'user.role': 'changed the role of a user',
  'user.disable': 'disabled a user',
  'user.enable': 'enabled a user',
  'user.reset-password': 'set a new password for a user',
  'user.change-password': 'changed their own password',
};

/** What was done, in words; an action this version does not know shows its own name. */
export const auditWords = (action: string): string => verbs[action] ?? action;

const valueText = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
};

/** A detail as label and text, in the unit its name tells: `sizeBytes` reads `size: 4.5 MB`. */
function detail(name: string, value: unknown): readonly [string, string] {
  const label = (text: string): string => text.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
  if (typeof value === 'number' && name.endsWith('Bytes')) {
    return [label(name.slice(0, -'Bytes'.length)), humanBytes(value)];
  }
  if (typeof value === 'number' && name.endsWith('Ms')) {
    return [label(name.slice(0, -'Ms'.length)), shortDuration(value)];
  }
  return [name === 'sha256' ? 'SHA-256' : label(name), valueText(value)];
}

/** The details as label and text, without what says nothing; the file first, the long checksum last. */
export function auditDetails(entry: AuditEntry): readonly (readonly [string, string])[] {
  const rank = (name: string): number => (name === 'filename' ? 0 : name === 'sha256' ? 2 : 1);
  return Object.entries(entry.details)
    .filter(([, value]) => value !== null && value !== undefined && value !== false)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => detail(name, value));
}
