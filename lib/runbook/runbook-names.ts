import type { RunbookCommands } from '../contracts/runbook.ts';

/** The backup the commands restore; in a runbook of this installation, the newest proven one. */
export interface RunbookBackup {
  readonly filename: string;
  readonly takenAt: string;
  /** What coming back took when it was proven; null where none was measured. */
  readonly recoveryMs: number | null;
  readonly isProven: boolean;
  readonly isEncrypted: boolean;
  /** Keys of the copies that are stored; null where there is none. */
  readonly localKey: string | null;
  readonly s3Key: string | null;
}

/** What the commands of a runbook are made of. Nothing here is secret. */
export interface RunbookNames {
  readonly database: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly localPath: string;
  readonly s3: { readonly bucket: string; readonly region: string; readonly endpoint: string | null } | null;
  readonly rpoHours: number;
  readonly rtoMinutes: number;
  readonly commands: RunbookCommands;
  /** Null before the first backup of the whole database. */
  readonly backup: RunbookBackup | null;
}

/** The names docs/disaster-recovery-runbook.md is printed with. */
export const EXAMPLE_NAMES: RunbookNames = {
  database: 'ims_db',
  host: 'localhost',
  port: 5432,
  user: 'postgres',
  localPath: '/var/backups/ims',
  s3: { bucket: 'ims-backups', region: 'eu-central-1', endpoint: null },
  rpoHours: 24,
  rtoMinutes: 60,
  commands: {
    stopServices: 'systemctl stop ims-api',
    startServices: 'systemctl start ims-api',
    migrate: 'npx prisma migrate deploy',
    healthCheck: 'curl --fail --silent --show-error http://localhost:8000/health',
    restartRedis: 'systemctl restart redis-server',
    deploy: 'git clone https://git.example.com/ims.git && cd ims && npm ci',
    restoreFiles: 'aws s3 sync s3://ims-files/uploads /srv/ims/uploads',
    restoreConfiguration:
      'age --decrypt --identity key.txt config.tar.age | tar --extract --directory /srv/ims',
    logFolder: '/var/log/ims',
  },
  backup: {
    filename: 'ims_backup_2026-01-31_01-00.dump.zst',
    takenAt: '2026-01-31T01:00:00.000Z',
    recoveryMs: null,
    isProven: true,
    isEncrypted: false,
    localKey: 'ims_backup_2026-01-31_01-00.dump.zst',
    s3Key: 'backups/daily/2026-01-31/ims_backup_2026-01-31_01-00.dump.zst',
  },
};
