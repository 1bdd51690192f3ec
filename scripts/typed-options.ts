import { parseArgs, type ParseArgsConfig } from 'node:util';
import { TableName } from '#lib/contracts/backup.ts';
import { AppError } from '#lib/core/errors.ts';
import type { Config, S3Config } from '#lib/platform/config.ts';

/** What was typed, as `parseArgs` reads it. Throws `usage` with this hint for what it does not take. */
export function parseTyped<T extends ParseArgsConfig>(
  config: T,
  hint: string,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : '';
    throw new AppError('usage', message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, ''), {
      hint,
      cause: error,
    });
  }
}

/** The names of --tables. Throws `invalid`. */
export function readTables(list: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!TableName.safeParse(name).success) {
      throw new AppError('invalid', `"${name}" is not a table name`, {
        hint: 'Write names such as items or sales.items, separated by commas.',
        fields: { field: 'tables' },
      });
    }
  }
  return names;
}

/** Throws `config` where this option was given and no bucket is configured. */
export function needBucket({ s3 }: Config, option: string): S3Config {
  if (s3 !== null) return s3;
  throw new AppError('config', `${option} needs a bucket and a key pair`, {
    hint: 'Name the bucket with --s3-bucket, and set BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY.',
    fields: { variable: 'BACKUP_S3_BUCKET' },
  });
}
