import type { S3Config } from '../../platform/config.ts';
import { AppError, type ErrorCode } from '../../core/errors.ts';

const text = (thrown: unknown, name: 'name' | 'code' | 'Code'): string => {
  const value: unknown =
    thrown instanceof Error ? (thrown as unknown as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : '';
};

/** The HTTP status an SDK error carries, 0 where no answer came. */
export function statusOf(thrown: unknown): number {
  if (!(thrown instanceof Error)) return 0;
  const { $metadata: metadata } = thrown as { $metadata?: { httpStatusCode?: number } };
  return metadata?.httpStatusCode ?? 0;
}

/** S3's own name for the failure (`NoSuchKey`), or Node's (`ECONNREFUSED`). */
export function nameOf(thrown: unknown): string {
  const code = text(thrown, 'Code') || text(thrown, 'code');
  return code === '' ? text(thrown, 'name') : code;
}

const refusedKeys = ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken'];
const wrongRegion = [
  'AuthorizationHeaderMalformed',
  'PermanentRedirect',
  'IllegalLocationConstraintException',
];
const full = [
  'QuotaExceeded',
  'EntityTooLarge',
  'InsufficientStorage',
  'XMinioStorageFull',
  'ServiceQuotaExceeded',
];
const noCertificate = /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/;

/** What the SDK or the network threw, as one of our errors. Never repeats S3's own message: it may quote the access key. */
export function translateS3(thrown: unknown, s3: S3Config): AppError {
  if (thrown instanceof AppError) return thrown;
  const name = nameOf(thrown);
  const status = statusOf(thrown);
  const place =
    s3.endpoint === null ? `AWS S3 in ${s3.region}` : `the S3 server at ${new URL(s3.endpoint).host}`;
  const because = (code: ErrorCode, message: string, hint: string): AppError =>
    new AppError(code, message, { hint, fields: { bucket: s3.bucket, reason: name, status }, cause: thrown });

  if (name === 'NoSuchBucket' || name === 'InvalidBucketName')
    return because(
      'config',
      `${place} has no bucket named ${s3.bucket}`,
      'Create the bucket, or correct BACKUP_S3_BUCKET and BACKUP_S3_REGION.',
    );
  if (full.includes(name) || status === 507)
    return because(
      'storage_full',
      `${place} has no room left for bucket ${s3.bucket}`,
      'Free space, raise the quota of the bucket or shorten the retention; earlier backups are untouched.',
    );
  if (name === 'RequestTimeTooSkewed')
    return because(
      'storage_auth',
      `the clock of this machine differs too much from ${place}`,
      'Set the clock of this machine by NTP.',
    );
  if (wrongRegion.includes(name) || status === 301)
    return because(
      'storage_auth',
      `bucket ${s3.bucket} is not in region ${s3.region}`,
      'Correct BACKUP_S3_REGION and BACKUP_S3_ENDPOINT.',
    );
  if (refusedKeys.includes(name))
    return because(
      'storage_auth',
      `${place} does not accept the access key or its secret`,
      'Correct BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY.',
    );
  if (status === 401 || status === 403)
    return because(
      'storage_auth',
      `${place} refuses access to bucket ${s3.bucket}`,
      'Check the access key and its secret, and that it may list the bucket and get, put and delete objects in it.',
    );
  if (name === 'NoSuchKey' || name === 'NotFound' || status === 404)
    return because(
      'object_missing',
      `the object is not in bucket ${s3.bucket}`,
      'It was deleted outside Holdfast; choose another backup.',
    );
  if (name === 'PreconditionFailed' || status === 412)
    return because(
      'object_exists',
      `the object exists already in bucket ${s3.bucket}`,
      'Nothing was overwritten; take the backup under another name.',
    );
  if (name === 'InvalidRange' || status === 416)
    return because(
      'short_read',
      'the object has fewer bytes than asked for',
      'The object is shorter than the catalogue says; verify this backup.',
    );
  if (noCertificate.test(name))
    return because(
      'storage_unreachable',
      `the certificate of ${place} is not trusted`,
      'Renew it, or name the authority that signed it in NODE_EXTRA_CA_CERTS.',
    );
  if (name === 'TimeoutError' || name === 'ETIMEDOUT')
    return because(
      'storage_unreachable',
      `${place} stopped answering`,
      'Check the network to it and its load; the next run tries again.',
    );
  if (status >= 500 || status === 429)
    return because(
      'storage_unreachable',
      `${place} answered with error ${status}`,
      'Look at the state of the S3 service; the next run tries again.',
    );
  if (status >= 400)
    return because(
      'storage_unreachable',
      `${place} refused the request (${name === '' ? status : name})`,
      'Check that BACKUP_S3_ENDPOINT is an S3 service and which of its limits was met.',
    );
  return because(
    'storage_unreachable',
    `could not reach ${place}`,
    'Check BACKUP_S3_ENDPOINT, the network and that the S3 service runs.',
  );
}
