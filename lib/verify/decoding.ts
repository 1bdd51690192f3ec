import { access, constants } from 'node:fs/promises';
import type { Manifest } from '../contracts/manifest.ts';
import { AppError } from '../core/errors.ts';
import type { RunContext } from '../core/run-context.ts';
import { findDecoders } from '../pipeline/decode-stage.ts';
import type { Config } from '../platform/config.ts';
import { listPostgresTools, type PostgresTool } from '../tools/find-postgres-tools.ts';
import { findProgram } from '../tools/find-program.ts';
import { readTool } from '../tools/read-tool.ts';
import type { ToolCommand } from '../tools/spawn-tool.ts';

type Context = Pick<RunContext, 'signal'>;

/** How this machine opens an archive. */
export interface Decoding {
  /** Undo the stages, the outermost first; what the last one prints is the dump. */
  readonly decoders: readonly ToolCommand[];
  /** An absolute path to a pg_restore that can read the dump; null for a backup of another kind of source. */
  readonly pgRestore: string | null;
}

const isEncrypted = (manifest: Manifest): boolean => manifest.stages.some(({ stage }) => stage === 'age');

/** Every pg_restore of this machine. Asking them takes as long as reading a manifest, and needs none. */
export const listReaders = (config: Config, ctx: Context): Promise<readonly PostgresTool[]> =>
  listPostgresTools(config, 'pg_restore', ctx);

/**
 * Throws `wrong_key` where there is no private key to try, `tool_missing`, or `tool_version`. `readers` are those that were asked for
 * already, and their failure is this one's.
 */
export async function findDecoding(
  config: Config,
  manifest: Manifest,
  ctx: Context,
  readers?: ReturnType<typeof listReaders>,
): Promise<Decoding> {
  if (isEncrypted(manifest)) await needIdentity(config.ageIdentityFile);
  const finding = findDecoders(config, manifest.stages, config.ageIdentityFile, ctx);
  if (manifest.source.kind !== 'postgres') return { decoders: await finding, pgRestore: null };
  const [decoders, found] = await Promise.all([finding, readers ?? listReaders(config, ctx)]);
  return { decoders, pgRestore: chooseReader(found, manifest) };
}

async function needIdentity(file: string | null): Promise<void> {
  if (file === null) {
    throw new AppError('wrong_key', 'the archive is encrypted, and no private key is configured here', {
      hint: 'Name the file with the private key in BACKUP_AGE_IDENTITY_FILE, on a machine that may hold it.',
    });
  }
  try {
    await access(file, constants.R_OK);
  } catch (cause) {
    throw new AppError('wrong_key', 'the file with the private key cannot be read', {
      hint: 'BACKUP_AGE_IDENTITY_FILE must name a file that the user of this process may read.',
      fields: { file },
      cause,
    });
  }
}

/** A pg_restore reads the archives of its own major version and of older ones. */
function chooseReader(tools: readonly PostgresTool[], manifest: Manifest): string {
  const writer = manifest.tools['pg_dump'] ?? manifest.source.productVersion;
  const major = Number.parseInt(writer, 10);
  const [best] = tools.filter((tool) => !(tool.major < major)).sort((a, b) => a.major - b.major);
  if (best !== undefined) return best.file;
  const hint = `Install postgresql-client-${String(major)} or a newer one, or name its folder in BACKUP_PG_BIN_DIRS.`;
  const newest = tools.map(({ version }) => version).join(', ');
  throw newest === ''
    ? new AppError('tool_missing', 'pg_restore is not installed on this machine', { hint })
    : new AppError('tool_version', `pg_dump ${writer} wrote this archive, and pg_restore here is ${newest}`, {
        hint,
      });
}

/**
 * Whether the configured key is that of a recipient in the manifest, so that an archive it does not open was changed. False also
 * where that cannot be told: a plugin's key, or no age-keygen.
 */
export async function isKeyOfRecipient(config: Config, manifest: Manifest, ctx: Context): Promise<boolean> {
  if (config.ageIdentityFile === null) return false;
  try {
    const { file } = await findProgram(config, 'age-keygen', ctx);
    const recipients = (await readTool(ctx, { file, args: ['-y', config.ageIdentityFile] }))
      .trim()
      .split('\n');
    return recipients.some((recipient) => manifest.encryption?.recipients.includes(recipient) === true);
  } catch {
    ctx.signal.throwIfAborted();
    return false;
  }
}
