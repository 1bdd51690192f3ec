import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { S3Config } from '../../platform/config.ts';
import { requireObjectKey } from '../object-key.ts';
import { createS3Client, defaultS3Limits } from './s3-client.ts';

const attachment = (filename: string): string =>
  `attachment; filename="${filename.replaceAll(/[^A-Za-z0-9._ -]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(filename).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`;

/** Signed on this machine: nothing is sent, so a wrong secret or a missing object shows only when the address is used. */
export async function presignS3Download(
  s3: S3Config,
  key: string,
  options: { readonly filename: string; readonly expiresInSeconds: number },
): Promise<string> {
  requireObjectKey(key);
  const client = createS3Client(s3, defaultS3Limits);
  try {
    return await getSignedUrl(
      client,
      new GetObjectCommand({
        Bucket: s3.bucket,
        Key: key,
        ResponseContentDisposition: attachment(options.filename),
      }),
      { expiresIn: options.expiresInSeconds },
    );
  } finally {
    client.destroy();
  }
}
