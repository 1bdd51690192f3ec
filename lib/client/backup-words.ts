import type { BackupRow, BackupStatus, ProofState, Tier } from '../contracts/backup.ts';
import type { Phase } from '../core/run-context.ts';
import type { SourceKind } from '../core/source-kind.ts';

export const statusWord: Record<BackupStatus, string> = {
  IN_PROGRESS: 'In progress',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  EXPIRED: 'Being deleted',
  DELETED: 'Deleted',
};

export const tierWord: Record<Tier, string> = {
  MANUAL: 'Manual',
  HOURLY: 'Hourly',
  DAILY: 'Daily',
  WEEKLY: 'Weekly',
  MONTHLY: 'Monthly',
  YEARLY: 'Yearly',
};

const readingWord: Record<SourceKind, string> = {
  postgres: 'Reading the database',
  files: 'Reading the files',
  sqlite: 'Reading the database file',
  redis: 'Reading the keys',
};
const phaseWord: Record<Exclude<Phase, 'dumping'>, string> = {
  queued: 'Waiting for a worker',
  preparing: 'Preparing',
  uploading: 'Storing the archive',
  'reading-back': 'Reading back and checking',
  finishing: 'Finishing',
};

export const phaseText = (phase: Phase, kind: SourceKind): string =>
  phase === 'dumping' ? readingWord[kind] : phaseWord[phase];

/** What a backup means for who works meanwhile. */
export const meanwhileText: Record<SourceKind, string> = {
  postgres: 'The database stays in use meanwhile.',
  files: 'The files stay in use meanwhile; one that is written to while it is read is named afterwards.',
  sqlite: 'The application may go on writing meanwhile.',
  redis: 'The server goes on answering meanwhile.',
};

/** A host or bucket word for where a copy lies. */
export const destinationWord: Record<'local' | 's3', string> = { local: 'Local disk', s3: 'S3' };

/** The same within a sentence. */
export const destinationInText: Record<'local' | 's3', string> = { local: 'the local disk', s3: 'S3' };

export const proofStateWord: Record<ProofState, string> = {
  PROVEN: 'Proven',
  FAILED: 'Failed its proof',
  NEVER: 'Never proven',
};

/** Whether a row will change by itself, so that a page should ask again soon. */
export const isMoving = ({ status, proof }: Pick<BackupRow, 'status' | 'proof'>): boolean =>
  status === 'IN_PROGRESS' || status === 'EXPIRED' || proof.lastStatus === 'IN_PROGRESS';
