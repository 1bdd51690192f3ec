import { manifestNameOf, type Manifest } from '../contracts/manifest.ts';
import type { VerifyOrder } from '../contracts/verification.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { isSameBytes } from '../pipeline/byte-count.ts';
import { manifestChecksum } from '../pipeline/manifest-checksum.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';
import type { Findings } from './findings.ts';
import { needManifestOf, readManifestFile, wrongManifest, type ManifestFile } from './manifest-file.ts';

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
  const archive = order.key.slice(order.key.lastIndexOf('/') + 1);
  let file: ManifestFile | null;
  try {
    file = await readManifestFile(storage, name, ctx);
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const error = toAppError(thrown);
    const { format } = error.fields;
    if (error.code === 'integrity') check.failed(error);
    else if (format === undefined) check.unknown(error);
    else check.unknown(error, { expected: 'format 1', found: `format ${String(format)}` });
    return null;
  }
  if (file === null) {
    check.failed(
      new AppError('object_missing', 'there is no manifest beside the archive', {
        hint: 'Without its manifest nothing tells what a backup must hold. Look who removed it, and take a new backup.',
        fields: { key: name },
      }),
      { expected: name, found: 'nothing' },
    );
    return null;
  }
  const { document, manifest } = file;
  try {
    needManifestOf(archive, manifest);
  } catch (thrown) {
    check.failed(toAppError(thrown), { expected: archive, found: manifest.archive });
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
    check.failed(wrongManifest('the manifest was changed after it was written'), {
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
  const error = wrongManifest('the manifest is not the one that was written when this backup was made');
  const sum = manifestChecksum(document);
  if (manifest.id !== recorded.backupId) {
    check.failed(error, { expected: `backup ${recorded.backupId}`, found: `backup ${manifest.id}` });
  } else if (recorded.manifestChecksum !== null && recorded.manifestChecksum !== sum) {
    check.failed(error, { expected: recorded.manifestChecksum, found: sum });
  } else if (!isSameBytes(manifest.stored, recorded.stored)) {
    check.failed(error, { expected: recorded.stored.sha256, found: manifest.stored.sha256 });
  } else check.passed({ expected: recorded.manifestChecksum ?? recorded.stored.sha256, found: sum });
}
