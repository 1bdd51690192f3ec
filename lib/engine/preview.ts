import { statfs } from 'node:fs/promises';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePlan, RestorePreview } from '../contracts/restore.ts';
import { humanBytes } from '../core/bytes.ts';
import { AppError, toAppError } from '../core/errors.ts';
import { estimateDurationMs } from '../core/estimate-duration.ts';
import { roughly } from '../core/roughly.ts';
import type { Config } from '../platform/config.ts';
import { guardTarget } from '../restore/guard-target.ts';
import { chosenHooks } from '../restore/run-hook.ts';
import { openRestoreServer } from '../sources/registry.ts';
import type { ServerLook } from '../sources/source.ts';
import { isExecutable } from '../tools/find-program.ts';
import { findDecoding } from '../verify/decoding.ts';
import { catalogueNow, findBackup, findManifest, type BackupRecord } from '#db/queries/backup.ts';
import { answerPreview, findPreview } from '#db/queries/restore-question.ts';
import { measuredRestores } from '#db/queries/restore.ts';
import { isOfPath, type EngineDeps } from './deps.ts';
import { previewPath } from './preview-path.ts';
import { previewTables } from './preview-tables.ts';
import { clients, finding, listed, ok, type Finding } from './preview-finding.ts';
import { inPlaceConsequences, judgeInPlace } from './preview-in-place.ts';
import { depsOfSource } from './source-deps.ts';

type Context = Pick<EngineDeps, 'clock' | 'log'> & { readonly signal: AbortSignal };

const LIMIT_MS = 18_000;
/** A restored database beside the bytes of its tables: indexes and write-ahead log. */
const DATABASE_PER_TABLES = 2;
const DATABASE_PER_PLAIN = 1.5;

const majorOf = (version: string): number => Number.parseInt(version, 10);
/** Answers what a restore would do and what is in its way; what it cannot answer for is an answer too. Changes nothing. */
export async function runPreview(deps: EngineDeps, id: string, stop: AbortSignal): Promise<void> {
  const asked = await findPreview(deps.db, id);
  if (asked === null || asked.answer !== null) return;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(LIMIT_MS)]);
  try {
    await answerPreview(deps.db, id, await previewOf(deps, asked.backupId, asked.plan, signal));
  } catch (thrown) {
    if (!(thrown instanceof AppError)) deps.log.warn('a preview could not be answered', { error: thrown });
    const error = signal.aborted
      ? new AppError('timeout', 'the preview took too long', {
          hint: 'Try again when the server is less busy.',
        })
      : toAppError(thrown);
    await answerPreview(deps.db, id, error);
  }
}

async function previewOf(
  deps: EngineDeps,
  backupId: string,
  plan: RestorePlan,
  signal: AbortSignal,
): Promise<RestorePreview> {
  const { db } = deps;
  const ctx = { signal, clock: deps.clock, log: deps.log };
  const backup = await findBackup(db, backupId);
  const manifest = await findManifest(db, backupId);
  if (backup === null || manifest === null || manifest === undefined) {
    throw new AppError('conflict', 'this backup has no manifest in the catalogue', {
      hint: 'Restore it with scripts/restore.sh, or choose another backup.',
    });
  }
  const own = await depsOfSource(deps, backup.sourceId);
  const { config } = own;
  const takesMs = estimateDurationMs(manifest.plain.bytes, await measuredRestores(db));
  const now = await catalogueNow(db);
  const whole = {
    environment: config.environment,
    needsReason: config.environment === 'production',
    estimatedSeconds: takesMs === null ? null : Math.ceil(takesMs / 1000),
  };
  const ofArchive = async (): Promise<Finding[]> => [
    ...(await judgeTools(config, manifest, ctx)),
    await judgeRoom(config, manifest),
    judgeProof(backup),
    judgeAge(plan, manifest, now),
  ];
  if (isOfPath(own)) {
    const { findings: ofPath, ...consequences } = await previewPath(config, plan, manifest, ctx);
    const findings = [...ofPath, ...(await judgeHooks(config, plan)), ...(await ofArchive())];
    return { canStart: isClear(findings), ...whole, ...consequences, findings };
  }
  const server = await openRestoreServer(config).look(ctx, plan.targetDatabase);
  const tables = plan.mode === 'tables' ? await previewTables(config, plan, manifest, server, ctx) : null;
  const sizeBytes = tables?.sizeBytes ?? sizeOf(manifest);
  const findings = [
    ...judgePlan(config, plan, manifest),
    ...(await judgeHooks(config, plan)),
    judgeTarget(plan, server),
    ...judgeExchange(config, plan, server),
    ...(tables?.findings ?? []),
    ...(plan.mode === 'in-place' ? await judgeInPlace(config, plan, manifest, server, ctx) : []),
    // Nothing of the copy is given to anybody.
    ...judgeServer(tables === null ? plan : { ...plan, noOwner: true }, manifest, server),
    judgeDisk(sizeBytes, server),
    ...(await ofArchive()),
  ];
  return {
    canStart: isClear(findings),
    ...whole,
    ...(tables === null
      ? consequences(plan, manifest, server)
      : { creates: tables.creates, replaces: tables.replaces, drops: tables.drops, keeps: tables.keeps }),
    sizeBytes,
    findings,
  };
}

const isClear = (findings: readonly Finding[]): boolean => findings.every(({ state }) => state !== 'BLOCKED');

function sizeOf({ facts, plain }: Manifest): number {
  const sizes = facts.tables.map(({ bytes, kind }) => (kind === 'table' ? bytes : 0));
  return sizes.every((bytes) => bytes !== null)
    ? DATABASE_PER_TABLES * sizes.reduce((sum, bytes) => sum + bytes, 0)
    : Math.round(DATABASE_PER_PLAIN * plain.bytes);
}

function judgePlan(config: Config, plan: RestorePlan, { options }: Manifest): Finding[] {
  const found: Finding[] = [];
  if (plan.mode === 'swap' && (options.tables !== null || options.schemaOnly)) {
    found.push(
      finding(
        'whole',
        'BLOCKED',
        options.schemaOnly ? 'this backup holds no rows' : 'this backup holds chosen tables only',
        'Everything else would be gone: restore it into a new database.',
      ),
    );
  }
  try {
    guardTarget(config, plan.targetDatabase);
  } catch (thrown) {
    const { message, hint } = toAppError(thrown);
    found.push({ name: 'guard', state: 'BLOCKED', detail: message, hint: hint ?? null });
  }
  return found;
}

/** Only their names: what they run is this server's own business. */
async function judgeHooks(config: Config, { hooks }: RestorePlan): Promise<Finding[]> {
  if (hooks.length === 0) return [];
  const { before, after, unknown } = chosenHooks(config, hooks);
  if (unknown.length > 0) {
    return [
      finding(
        'hooks',
        'BLOCKED',
        `this server knows no command named ${listed(unknown)}`,
        'Choose among those of its HOLDFAST_HOOKS_FILE, which every worker must have.',
      ),
    ];
  }
  for (const hook of [...before, ...after]) {
    const program = 'command' in hook ? hook.command[0] : undefined;
    if (program === undefined || (await isExecutable(program))) continue;
    return [
      finding(
        'hooks',
        'BLOCKED',
        `the program of the command ${hook.name} cannot be run by the worker`,
        'Correct HOLDFAST_HOOKS_FILE, or leave this command out.',
      ),
    ];
  }
  const named = (list: readonly { readonly name: string }[]): string =>
    list.length === 0 ? 'none' : list.map(({ name }) => name).join(', ');
  return [ok('hooks', `commands before: ${named(before)}; afterwards: ${named(after)}`)];
}

function judgeTarget(plan: RestorePlan, { exists, sizeBytes, otherConnections }: ServerLook): Finding {
  const { mode, targetDatabase: target } = plan;
  if (mode === 'new') {
    return exists
      ? finding(
          'target',
          'BLOCKED',
          `there is a database ${target} already`,
          'Choose another name for the new database.',
        )
      : ok('target', `there is no database ${target} yet`);
  }
  if (!exists) {
    return finding(
      'target',
      'BLOCKED',
      `there is no database ${target}`,
      'Restore into a new database of that name instead.',
    );
  }
  return ok('target', `${target} holds ${humanBytes(sizeBytes)}, and ${clients(otherConnections)} connected`);
}

function judgeExchange(
  config: Config,
  plan: RestorePlan,
  { holds, otherConnections, strangers }: ServerLook,
): Finding[] {
  if (plan.mode !== 'swap') return [];
  // Somebody may stop them meanwhile.
  const mayLeave = plan.pauseBeforeSwap || chosenHooks(config, plan.hooks).before.length > 0;
  return [
    holds.length === 0
      ? ok('holds', 'nothing keeps the live database from being exchanged')
      : finding(
          'holds',
          'BLOCKED',
          `the live database has a ${listed(holds)}`,
          'Finish prepared transactions, and drop slots and subscriptions, before it can be exchanged.',
        ),
    ...(strangers.length === 0
      ? []
      : [
          finding(
            'disconnect',
            mayLeave ? 'WARNING' : 'BLOCKED',
            `the configured user may not disconnect the clients of ${listed(strangers)}`,
            'Stop them before the swap; or let it disconnect all but superusers ("grant pg_signal_backend to …"), or name another user in PGUSER.',
          ),
        ]),
    otherConnections === 0
      ? ok('connections', 'nobody is connected')
      : finding(
          'connections',
          'WARNING',
          `${clients(otherConnections)} connected and will be disconnected`,
          'They can connect again within moments; what they had not committed is lost.',
        ),
    ...(plan.noOwner
      ? [
          finding(
            'grants',
            'WARNING',
            'the application may not be allowed to read the restored tables',
            'Leave owners and grants in, unless their roles are no longer there.',
          ),
        ]
      : []),
  ];
}

async function judgeTools(config: Config, manifest: Manifest, ctx: Context): Promise<Finding[]> {
  const isEncrypted = manifest.encryption !== null;
  try {
    await findDecoding(config, manifest, ctx);
    return [
      ok('tools', 'the programs that read this archive are installed'),
      ...(isEncrypted ? [ok('key', 'a private key is configured here')] : []),
    ];
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    const { code, message, hint } = toAppError(thrown);
    return [
      { name: code === 'wrong_key' ? 'key' : 'tools', state: 'BLOCKED', detail: message, hint: hint ?? null },
    ];
  }
}

function judgeServer(plan: RestorePlan, { source, facts }: Manifest, server: ServerLook): Finding[] {
  const from = `the backup comes from PostgreSQL ${source.productVersion}, the server is ${server.productVersion}`;
  const extensions = (facts.objects?.extensions ?? []).map(({ name }) => name);
  const noExtensions = extensions.filter((name) => !server.extensions.includes(name));
  const noRoles = (facts.roles ?? []).filter(
    (role) => !role.startsWith('pg_') && !server.roles.includes(role),
  );
  return [
    server.major < majorOf(source.productVersion)
      ? finding('version', 'BLOCKED', from, 'Restore it on a server of that version or a newer one.')
      : ok('version', from),
    ...(plan.mode === 'new' || plan.mode === 'swap' ? [judgeCreation(server)] : []),
    facts.objects?.extensions === undefined
      ? finding(
          'extensions',
          'UNKNOWN',
          'the backup does not tell which extensions it needs',
          'Compare them with those of the server.',
        )
      : noExtensions.length === 0
        ? ok('extensions', extensions.length === 0 ? 'it needs none' : `available: ${listed(extensions)}`)
        : finding(
            'extensions',
            'BLOCKED',
            `not available on the server: ${listed(noExtensions)}`,
            'Install their packages on the database server.',
          ),
    facts.roles === null
      ? finding(
          'roles',
          'UNKNOWN',
          'the backup does not tell which roles it needs',
          'A missing one stops the restore; leave owners out then.',
        )
      : noRoles.length === 0 || plan.noOwner
        ? ok('roles', noRoles.length === 0 ? 'every role is there' : 'owners and grants are left out')
        : finding(
            'roles',
            'BLOCKED',
            `roles that are not on the server: ${listed(noRoles)}`,
            'Create them there ("create role … nologin"), or leave owners and grants out.',
          ),
    ...(plan.mode !== 'swap' || server.mayExchange
      ? []
      : [
          finding(
            'owner',
            'BLOCKED',
            'the configured user may not give the live database another name',
            'Make it a member of the role that owns the database, or name another user in PGUSER.',
          ),
        ]),
  ];
}

const judgeCreation = ({ mayCreateDatabases }: ServerLook): Finding =>
  mayCreateDatabases
    ? ok('createdb', 'the configured user may create databases')
    : finding(
        'createdb',
        'BLOCKED',
        'the configured user may not create databases',
        'Grant it: "alter role … createdb", or name another user in PGUSER.',
      );

function judgeDisk(sizeBytes: number, { freeBytes }: ServerLook): Finding {
  const needed = `about ${humanBytes(sizeBytes)} needed on the database server`;
  if (freeBytes === null) {
    return finding(
      'disk',
      'UNKNOWN',
      `${needed}; its disk cannot be looked at from here`,
      'Look there for enough room.',
    );
  }
  const said = `${needed}, ${humanBytes(freeBytes)} free`;
  return freeBytes > sizeBytes
    ? ok('disk', said)
    : finding('disk', 'BLOCKED', said, 'Make room on the disk of the database server.');
}

/** For the decoded dump. */
async function judgeRoom({ verify, dataDir }: Config, { plain }: Manifest): Promise<Finding> {
  for (const folder of [verify.dir, dataDir, '.']) {
    try {
      const { bavail, bsize } = await statfs(folder);
      const said = `${humanBytes(plain.bytes)} needed for the decoded dump, ${humanBytes(bavail * bsize)} free`;
      return bavail * bsize > plain.bytes
        ? ok('decode-disk', said)
        : finding(
            'decode-disk',
            'BLOCKED',
            said,
            'Make room under BACKUP_VERIFY_DIR, or name a folder on a larger disk there.',
          );
    } catch {
      // It is made when it is needed; the next folder is on the same disk, or tells as much.
    }
  }
  return finding(
    'decode-disk',
    'UNKNOWN',
    'the room for the decoded dump cannot be told',
    'Look at BACKUP_VERIFY_DIR.',
  );
}

/** `2026-11-21 15:44 UTC`. */
const minuteOf = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function judgeProof({ proof, provenAt, lastVerification }: BackupRecord): Finding {
  switch (proof) {
    case 'PROVEN':
      return ok(
        'proof',
        `restored and compared on ${provenAt === null ? 'an unknown day' : minuteOf(provenAt)}`,
      );
    case 'NEVER':
      return finding(
        'proof',
        'WARNING',
        'this backup was never restored',
        'Verify it first where there is time, or choose a proven one.',
      );
    case 'FAILED':
      return finding(
        'proof',
        'WARNING',
        `the last verification failed: ${lastVerification?.errorMessage ?? 'its checks say why'}`,
        'Choose a proven backup where there is one.',
      );
  }
}

function judgeAge(plan: RestorePlan, { takenAt }: Manifest, now: Date): Finding {
  const at = new Date(takenAt);
  const detail = `taken ${roughly(now.getTime() - at.getTime())} ago, on ${minuteOf(at)}: what was written since is not in it`;
  return plan.mode === 'new'
    ? ok('age', detail)
    : finding(
        'age',
        'WARNING',
        detail,
        plan.mode === 'swap'
          ? 'It stays in what is kept.'
          : plan.mode === 'tables'
            ? plan.tablesInto === 'replace'
              ? 'It stays: rows that are replaced are kept beside the new ones.'
              : 'It stays: no live row is changed.'
            : 'It stays in the safety backup.',
      );
}

function consequences(
  plan: RestorePlan,
  manifest: Manifest,
  server: ServerLook,
): Pick<RestorePreview, 'creates' | 'replaces' | 'drops' | 'keeps'> {
  const { mode, targetDatabase: target } = plan;
  const { facts } = manifest;
  const { sizeBytes } = server;
  const tables = `${String(facts.tableCount)} ${facts.tableCount === 1 ? 'table' : 'tables'}`;
  const nothing = { creates: [], replaces: [], drops: [], keeps: [] };
  switch (mode) {
    case 'new':
      return { ...nothing, creates: [`database ${target} with ${tables}`] };
    case 'swap':
      return {
        ...nothing,
        creates: [`a new database with ${tables}, which takes the name ${target}`],
        replaces: [`database ${target} (${humanBytes(sizeBytes)})`],
        keeps: [`what is now ${target}, as ${target}_before_<time>, until you drop it`],
      };
    case 'in-place':
      return inPlaceConsequences(plan, manifest, server);
    case 'tables':
      // Of what was chosen: see previewTables.
      return nothing;
  }
}
