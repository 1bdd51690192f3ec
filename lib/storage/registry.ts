import { AppError } from '../core/errors.ts';
import type { Config, S3Config } from '../platform/config.ts';
import { createLocalStorage } from './local/local-storage.ts';
import { presignS3Download } from './s3/s3-presign.ts';
import { createS3Storage } from './s3/s3-storage.ts';
import type { Storage } from './storage.ts';

export const STORAGE_KINDS = ['local', 's3'] as const;
export type StorageKind = (typeof STORAGE_KINDS)[number];

function needS3(config: Config): S3Config {
  if (config.s3 !== null) return config.s3;
  throw new AppError('config', 'BACKUP_S3_BUCKET is missing', {
    hint: 'Set BACKUP_S3_BUCKET, BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY to use S3.',
    fields: { variable: 'BACKUP_S3_BUCKET' },
  });
}

/** The only way to a storage, beside `loadStorage`. Opens no connection by itself; close it when done. Throws `config` when S3 is not configured. */
export function openStorage(config: Config, destination: StorageKind): Storage {
  switch (destination) {
    case 'local':
      return createLocalStorage(config.localPath);
    case 's3':
      return createS3Storage(needS3(config), { sweepPrefix: 'backups/' });
  }
}

/** An address from which anyone may download this S3 object, under `filename`, until it expires. */
export function presignDownload(
  config: Config,
  key: string,
  options: { readonly filename: string; readonly expiresInSeconds: number },
): Promise<string> {
  return presignS3Download(needS3(config), key, options);
}
