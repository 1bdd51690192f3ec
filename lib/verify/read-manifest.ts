import { manifestNameOf, Manifest } from '../contracts/manifest.ts';
import type { VerifyOrder } from '../contracts/verification.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { isSameBytes } from '../pipeline/byte-count.ts';
import { manifestChecksum } from '../pipeline/manifest-checksum.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';
import type { Findings } from './findings.ts';

/** A hundred thousand tables with all their facts take a third of it. */
const MAX_BYTES = 256 * 1024 * 1024;

const NEW_BACKUP = 'Take a new backup; this one cannot be proven.';

const wrong = (message: string): AppError => new AppError('integrity', message, { hint: NEW_BACKUP });

async function readText(storage: Storage, key: string, ctx: StorageContext): Promise<string | null> {
  const stat = await storage.stat(ctx, key);
  if (stat === null) return null;
  if (stat.sizeBytes > MAX_BYTES) throw wrong('the manifest is larger than any manifest can be');
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await storage.get(ctx, key)) as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/**
 * The manifest beside the archive: there, readable, as it was written, and of this archive; where the catalogue is asked too, the
 * one it noted. Null when that could not be shown: why has been found.
 */
export async function readManifest(
  storage: Storage,
  order: VerifyOrder,
  findings: Findings,
  ctx: StorageContext,
): Promise<Manifest | null> {
  const check = findings.open('manifest');
  const name = manifestNameOf(order.key);
  let text: string | null;
  try {
    text = await readText(storage, name, ctx);
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const error = toAppError(thrown);
    if (error.code === 'integrity') check.failed(error);
    else check.unknown(error);
    return null;
  }
  if (text === null) {
    check.failed(
      new AppError('object_missing', 'there is no manifest beside the archive', {
        hint: 'Without its manifest nothing tells what a backup must hold. Look who removed it, and take a new backup.',
        fields: { key: name },
      }),
      { expected: name, found: 'nothing' },
    );
    return null;
  }
  const document = parseObject(text);
  if (document === null) {
    check.failed(wrong('the manifest is not a JSON document'));
    return null;
  }
  const format = document['format'];
  if (typeof format === 'number' && format > 1) {
    check.unknown(
      new AppError('tool_version', 'the manifest was written by a newer Holdfast', {
        hint: 'Verify it with the version that made it, or a newer one.',
      }),
      { expected: 'format 1', found: `format ${String(format)}` },
    );
    return null;
  }
  // Compiling the schema takes longer than reading one manifest with it.
  const parsed = Manifest.safeParse(document, { jitless: true });
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    check.failed(wrong(`the manifest cannot be read: ${field === '' ? 'it' : field} is not what it must be`));
    return null;
  }
  const manifest = parsed.data;
  const archive = order.key.slice(order.key.lastIndexOf('/') + 1);
  if (manifest.archive !== archive) {
    check.failed(
      new AppError('integrity', 'the manifest is that of another archive', {
        hint: 'If someone renamed the archive, give it and its manifest their names back.',
      }),
      { expected: archive, found: manifest.archive },
    );
    return null;
  }
  check.passed({ expected: archive, found: manifest.archive });
  checkOwnSum(document, manifest, findings);
  checkRecord(document, manifest, order.recorded, findings);
  return manifest;
}

function checkOwnSum(document: object, manifest: Manifest, findings: Findings): void {
  const check = findings.open('manifest:checksum');
  const found = manifestChecksum(document);
  if (manifest.checksum === undefined) {
    check.unknown(
      new AppError('tool_version', 'an older version wrote this manifest, without a checksum of its own'),
      {
        isRequired: false,
      },
    );
  } else if (manifest.checksum === found) check.passed({ expected: manifest.checksum, found });
  else {
    check.failed(wrong('the manifest was changed after it was written'), {
      expected: manifest.checksum,
      found,
    });
  }
}

/** Whoever can change the manifest can change its checksum; what the catalogue noted is out of their reach. */
function checkRecord(
  document: object,
  manifest: Manifest,
  recorded: VerifyOrder['recorded'],
  findings: Findings,
): void {
  if (recorded === null) return;
  const check = findings.open('manifest:catalogue');
  const error = wrong('the manifest is not the one that was written when this backup was made');
  const sum = manifestChecksum(document);
  if (manifest.id !== recorded.backupId) {
    check.failed(error, { expected: `backup ${recorded.backupId}`, found: `backup ${manifest.id}` });
  } else if (recorded.manifestChecksum !== null && recorded.manifestChecksum !== sum) {
    check.failed(error, { expected: recorded.manifestChecksum, found: sum });
  } else if (!isSameBytes(manifest.stored, recorded.stored)) {
    check.failed(error, { expected: recorded.stored.sha256, found: manifest.stored.sha256 });
  } else check.passed({ expected: recorded.manifestChecksum ?? recorded.stored.sha256, found: sum });
}
