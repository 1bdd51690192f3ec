import { Manifest } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import type { Storage, StorageContext } from '../storage/storage.ts';

/** A hundred thousand tables with all their facts take a third of it. */
const MAX_BYTES = 256 * 1024 * 1024;

const NEW_BACKUP = 'Take a new backup; this one cannot be proven.';

/** The manifest is not what it must be. */
export const wrongManifest = (message: string): AppError =>
  new AppError('integrity', message, { hint: NEW_BACKUP });

export interface ManifestFile {
  /** As it was written, with fields that only a later version knows. */
  readonly document: object;
  readonly manifest: Manifest;
}

async function readText(storage: Storage, key: string, ctx: StorageContext): Promise<string | null> {
  const stat = await storage.stat(ctx, key);
  if (stat === null) return null;
  if (stat.sizeBytes > MAX_BYTES) throw wrongManifest('the manifest is larger than any manifest can be');
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
 * The manifest under this key; null where nothing lies there. Throws `integrity` for what is no manifest, `tool_version` (with its
 * `format`) for one of a newer Holdfast, and what the storage throws.
 */
export async function readManifestFile(
  storage: Storage,
  key: string,
  ctx: StorageContext,
): Promise<ManifestFile | null> {
  const text = await readText(storage, key, ctx);
  if (text === null) return null;
  const document = parseObject(text);
  if (document === null) throw wrongManifest('the manifest is not a JSON document');
  const format = document['format'];
  if (typeof format === 'number' && format > 1) {
    throw new AppError('tool_version', 'the manifest was written by a newer Holdfast', {
      hint: 'Verify it with the version that made it, or a newer one.',
      fields: { format },
    });
  }
  // Compiling the schema takes longer than reading one manifest with it.
  const parsed = Manifest.safeParse(document, { jitless: true });
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw wrongManifest(`the manifest cannot be read: ${field === '' ? 'it' : field} is not what it must be`);
  }
  return { document, manifest: parsed.data };
}

/** Throws `integrity` where the manifest speaks of an archive of another name than the one it lies beside. */
export function needManifestOf(archive: string, manifest: Manifest): void {
  if (manifest.archive === archive) return;
  throw new AppError('integrity', 'the manifest is that of another archive', {
    hint: 'If someone renamed the archive, give it and its manifest their names back.',
  });
}
