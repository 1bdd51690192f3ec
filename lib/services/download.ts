import { createHmac, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { DownloadResponse } from '../contracts/backup.ts';
import { needSecret, type Config } from '../platform/config.ts';
import { deriveKey } from '../platform/keys.ts';
import { openStorage, presignDownload } from '../storage/registry.ts';
import type { Backend } from '#db/backend.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import {
  catalogueNow,
  findBackup,
  findCopies,
  type BackupRecord,
  type CopyRecord,
} from '#db/queries/backup.ts';
import { noSuchBackup } from './backups.ts';
import { parseRange } from './byte-range.ts';

/** 4-ims.md BR-007. */
const LINK_SECONDS = 15 * 60;

const noSuchCopy = (backup: BackupRecord): AppError =>
  new AppError('object_missing', 'no destination holds this backup any more', {
    hint: 'Choose another backup from the history.',
    fields: { backupId: backup.id },
  });

/**
 * The copy to download: the first stored one, in the order of the backup's destinations. A FAILED backup has one where only a
 * further copy failed: it was read back, and may be the newest there is.
 */
async function copyOf(backend: Backend, id: string): Promise<{ backup: BackupRecord; copy: CopyRecord }> {
  const backup = await findBackup(backend.db, id);
  if (backup === null) throw noSuchBackup();
  const copies = await findCopies(backend.db, id);
  const copy = backup.destinations
    .map((destination) => copies.find((one) => one.destination === destination && one.status === 'STORED'))
    .find((one) => one !== undefined);
  if (backup.status !== 'COMPLETED' && !(backup.status === 'FAILED' && copy !== undefined)) {
    throw new AppError('conflict', 'this backup cannot be downloaded', {
      hint:
        backup.status === 'IN_PROGRESS'
          ? 'Wait until it is completed.'
          : 'Only a completed backup has a file; choose one from the history.',
      fields: { status: backup.status },
    });
  }
  if (copy === undefined) throw noSuchCopy(backup);
  return { backup, copy };
}

/** Over id, expiry and purpose, under a key that signs nothing else. */
const signatureOf = (config: Config, id: string, expires: number): Buffer =>
  createHmac('sha256', deriveKey(needSecret(config), 'download-link'))
    .update(`download\n${id}\n${expires}`)
    .digest();

/**
 * A link from which anyone may download this backup for 15 minutes: presigned by S3, or signed by us for a local file.
 * `origin` is where this console was reached. Throws `conflict` unless COMPLETED or FAILED with a good copy, `object_missing` without a stored copy.
 */
export async function createDownload(
  backend: Backend,
  actor: Actor,
  id: string,
  origin: string,
): Promise<DownloadResponse> {
  const { backup, copy } = await copyOf(backend, id);
  const expires = Math.floor((await catalogueNow(backend.db)).getTime() / 1000) + LINK_SECONDS;
  let url: string;
  if (copy.destination === 's3') {
    url = await presignDownload(backend.config, copy.key, {
      filename: backup.filename,
      expiresInSeconds: LINK_SECONDS,
    });
  } else {
    const link = new URL(`/api/v1/download/${id}`, origin);
    link.searchParams.set('expires', String(expires));
    link.searchParams.set('signature', signatureOf(backend.config, id, expires).toString('base64url'));
    url = link.href;
  }
  const expiresAt = new Date(expires * 1000).toISOString();
  await addAuditEntry(backend.db, actor, 'backup.download', id, {
    filename: backup.filename,
    destination: copy.destination,
    expiresAt,
  });
  return { url, filename: backup.filename, expiresAt };
}

/** Throws `forbidden` unless we signed this link for this backup and it still counts. */
async function requireValidLink(
  backend: Backend,
  id: string,
  link: { readonly expires: number; readonly signature: string },
): Promise<void> {
  const given = Buffer.from(link.signature, 'base64url');
  const right = signatureOf(backend.config, id, link.expires);
  const isRight = given.length === right.length && timingSafeEqual(given, right);
  if (!isRight) {
    throw new AppError('forbidden', 'this download link is not valid', {
      hint: 'Open the backup page and download again; a link cannot be changed or reused for another backup.',
    });
  }
  if ((await catalogueNow(backend.db)).getTime() >= link.expires * 1000) {
    throw new AppError('forbidden', 'this download link has expired', {
      hint: 'Links count for 15 minutes. Open the backup page and download again.',
    });
  }
}

/**
 * The file behind a signed link, whole or one range of it (RFC 9110 §14; several ranges at once are ignored), streamed
 * from disk. Ends with the client: an aborted request closes the file.
 */
export async function openDownload(
  backend: Backend,
  id: string,
  link: { readonly expires: number; readonly signature: string },
  request: Request,
): Promise<Response> {
  await requireValidLink(backend, id, link);
  const { backup } = await copyOf(backend, id);
  const copy = (await findCopies(backend.db, id)).find(
    (one) => one.destination === 'local' && one.status === 'STORED',
  );
  if (copy === undefined) throw noSuchCopy(backup);

  const context = { runId: id, signal: request.signal, log: backend.log };
  const storage = openStorage(backend.config, 'local');
  const object = await storage.stat(context, copy.key);
  if (object === null) {
    throw new AppError('object_missing', 'the file of this backup is not on this machine', {
      hint: 'It was moved or deleted outside Holdfast, or BACKUP_LOCAL_PATH of the web process is not the workers’.',
      fields: { backupId: id },
    });
  }
  const etag = `"${backup.checksum ?? ''}"`;
  const headers = new Headers({
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-store',
    'Content-Disposition': `attachment; filename="${backup.filename.replaceAll(/[^\w .-]/g, '_')}"`,
    'Content-Type': 'application/octet-stream',
    ETag: etag,
    'Last-Modified': object.modifiedAt.toUTCString(),
    'X-Content-Type-Options': 'nosniff',
  });
  // A range is only good for the file the client has begun with.
  const ifRange = request.headers.get('if-range');
  const isSameFile = ifRange === null || ifRange === etag;
  const range = isSameFile ? parseRange(request.headers.get('range'), object.sizeBytes) : 'whole';
  if (range === 'unsatisfiable') {
    headers.set('Content-Range', `bytes */${object.sizeBytes}`);
    headers.delete('Content-Disposition');
    return new Response(null, { status: 416, headers });
  }
  const part = range === 'whole' ? { start: 0, length: object.sizeBytes } : range;
  headers.set('Content-Length', String(part.length));
  if (range !== 'whole') {
    headers.set('Content-Range', `bytes ${part.start}-${part.start + part.length - 1}/${object.sizeBytes}`);
  }
  const status = range === 'whole' ? 200 : 206;
  if (request.method === 'HEAD') return new Response(null, { status, headers });
  const body = await storage.get(context, copy.key, part);
  body.on('error', (error) => {
    // A client that goes away is no failure.
    if (error instanceof AppError && !request.signal.aborted)
      backend.log.error('a download broke off', { backupId: id, error });
  });
  return new Response(Readable.toWeb(body) as ReadableStream<Uint8Array>, { status, headers });
}
