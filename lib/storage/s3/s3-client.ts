import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Config } from '../../platform/config.ts';

/** How long S3 may keep us waiting, and how much of it we hold in memory. Tests use smaller ones. */
export interface S3Limits {
  readonly connectTimeoutMs: number;
  /** Nothing moved on the connection for this long, or no answer began: the server has stalled. */
  readonly idleTimeoutMs: number;
  /** Tries of one part or of one completion, with a growing pause between them. */
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly partMinBytes: number;
  readonly maxParts: number;
  /** What the part buffers of one put may take together, unless a single pair of parts needs more. */
  readonly bufferBytes: number;
}

export const defaultS3Limits: S3Limits = {
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  attempts: 5,
  firstPauseMs: 1_000,
  partMinBytes: 5 * 1024 * 1024,
  maxParts: 10_000,
  bufferBytes: 15 * 1024 * 1024,
};

export interface S3Clients {
  /** One try each: the caller retries, since it alone knows what a lost answer may have done. */
  readonly uploads: S3Client;
  /** Requests that may be repeated safely. */
  readonly control: S3Client;
  /** Its connections may rest while the reader of a body is slow. */
  readonly downloads: S3Client;
}

function options(s3: S3Config): S3ClientConfig {
  return {
    region: s3.region,
    ...(s3.endpoint === null ? {} : { endpoint: s3.endpoint, forcePathStyle: true }),
    // An AWS_ENDPOINT_URL in the environment must not send backups to another place.
    ignoreConfiguredEndpointUrls: true,
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey.reveal() },
    // Trailing checksums are refused by several S3-compatible servers; every stored object is read back anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With it the SDK opens a connection per part and waits six seconds where a server ignores it.
    expectContinueHeader: false,
  };
}

export function createS3Client(s3: S3Config, limits: S3Limits): S3Client {
  return new S3Client({
    ...options(s3),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: limits.connectTimeoutMs, socketTimeout: limits.idleTimeoutMs },
  });
}

export function createS3Clients(s3: S3Config, limits: S3Limits): S3Clients {
  return {
    control: createS3Client(s3, limits),
    uploads: new S3Client({
      ...options(s3),
      maxAttempts: 1,
      requestHandler: { connectionTimeout: limits.connectTimeoutMs, socketTimeout: limits.idleTimeoutMs },
    }),
    downloads: new S3Client({
      ...options(s3),
      maxAttempts: 3,
      requestHandler: {
        connectionTimeout: limits.connectTimeoutMs,
        socketTimeout: 0,
        requestTimeout: limits.idleTimeoutMs,
        throwOnRequestTimeout: true,
      },
    }),
  };
}
