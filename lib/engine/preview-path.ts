import { statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { Manifest } from '../contracts/manifest.ts';
import type { RestorePlan, RestorePreview } from '../contracts/restore.ts';
import { humanBytes } from '../core/bytes.ts';
import type { Config } from '../platform/config.ts';
import { refusalsOfPath } from '../restore/guard-path.ts';
import { entriesOf, isOfFolder } from '../restore/path-entries.ts';
import { withBeside } from '../restore/path-names.ts';
import { surveyTree, type TreeSurvey } from '../restore/survey-tree.ts';
import type { SourceContext } from '../sources/source.ts';
import { finding, listed, ok, type Finding } from './preview-finding.ts';

/** A large tree is counted as far as one can within this; the preview has to be answered. */
const SURVEY_MS = 5_000;

export type PathPreview = Pick<
  RestorePreview,
  'creates' | 'replaces' | 'drops' | 'keeps' | 'sizeBytes' | 'findings'
>;

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** What a restore to a path would do, and what is in its way. Changes nothing. */
export async function previewPath(
  config: Config,
  plan: RestorePlan,
  manifest: Manifest,
  ctx: SourceContext,
): Promise<PathPreview> {
  const { mode, targetDatabase: target } = plan;
  const entries = entriesOf(plan, manifest);
  const refusals = await refusalsOfPath(config, plan, manifest);
  const blocked = refusals.map(({ name, error }) =>
    finding(name, 'BLOCKED', error.message, error.hint ?? ''),
  );
  const wholeBytes = manifest.facts.files?.bytes ?? manifest.plain.bytes;
  // Only the archive itself tells what chosen entries take.
  const isPart = plan.paths !== undefined;
  const live =
    mode === 'swap' && blocked.length === 0
      ? await surveyTree(ctx, placesOf(target, entries, manifest), {
          since: new Date(manifest.takenAt),
          limitMs: SURVEY_MS,
        })
      : null;
  return {
    ...consequences(plan, manifest, entries, live),
    sizeBytes: isPart ? null : wholeBytes,
    findings: [
      ...(blocked.length > 0 ? blocked : [ok('target', targetWords(plan, live))]),
      ...judgeLive(manifest, entries, live),
      ...judgeLeftOut(plan, manifest, entries),
      ...judgeOpen(plan, manifest),
      judgeOwner(plan, manifest),
      await judgeDisk(target, wholeBytes, isPart),
    ],
  };
}

const placesOf = (
  target: string,
  entries: readonly string[] | null,
  { source }: Manifest,
): readonly string[] =>
  entries === null ? withBeside(target, source.kind) : entries.map((entry) => join(target, entry));

const targetWords = ({ mode, targetDatabase: target }: RestorePlan, live: TreeSurvey | null): string =>
  mode === 'new'
    ? `there is nothing at ${target} yet`
    : `${target} holds ${live === null ? '' : sizeWords(live)}`;

const sizeWords = ({ files, bytes, isCut }: TreeSurvey): string =>
  `${isCut ? 'at least ' : ''}${counted(files, 'file')} with ${humanBytes(bytes)}`;

/** What is live beside what is in the backup, as far as that is cheap to tell. */
function judgeLive(
  { facts }: Manifest,
  entries: readonly string[] | null,
  live: TreeSurvey | null,
): Finding[] {
  if (live === null) return [];
  const { files, changed, isCut } = live;
  // Of chosen entries the manifest has no counts.
  const inBackup = facts.files === null || entries !== null ? null : facts.files.files;
  const beside =
    inBackup === null
      ? ''
      : `the backup holds ${counted(inBackup, 'file')}, what is live ${counted(files, 'file')}; `;
  if (changed > 0) {
    return [
      finding(
        'changed',
        'WARNING',
        `${beside}${isCut ? 'at least ' : ''}${counted(changed, 'file was', 'files were')} changed after this backup`,
        'They will be in what is kept.',
      ),
    ];
  }
  return [
    isCut
      ? finding(
          'changed',
          'UNKNOWN',
          `${beside}not all of it could be looked at in time`,
          'What was changed after this backup will be in what is kept.',
        )
      : ok('changed', `${beside}no file was changed after this backup`),
  ];
}

/** What was not backed up goes with what is put aside. */
function judgeLeftOut(
  { mode }: RestorePlan,
  { options }: Manifest,
  entries: readonly string[] | null,
): Finding[] {
  const excludes = options.files?.excludes ?? [];
  if (mode !== 'swap' || excludes.length === 0) return [];
  return [
    finding(
      'left-out',
      'WARNING',
      `the backup leaves out ${listed(excludes)}${entries === null ? '' : ', also within these entries'}`,
      'What is live of that will be in what is kept, and must be copied back where it is needed.',
    ),
  ];
}

/** A rename does not reach a program that has the file open. */
function judgeOpen({ mode, targetDatabase: target, hooks }: RestorePlan, manifest: Manifest): Finding[] {
  if (mode !== 'swap') return [];
  const { kind } = manifest.source;
  if (kind === 'files') {
    return [
      finding(
        'open',
        'WARNING',
        'a program that has a file open goes on with the one that is kept',
        'Restart the application afterwards, or choose commands that stop and start it.',
      ),
    ];
  }
  const server = kind === 'redis';
  return [
    finding(
      'open',
      'WARNING',
      server
        ? 'a Redis server that runs writes its own snapshot over this file when it stops'
        : `an application that has ${target} open goes on writing to the one that is kept`,
      hooks.length > 0
        ? 'See that the chosen commands stop it before and start it afterwards.'
        : 'Stop it before the exchange, by hand or with commands, and start it afterwards.',
    ),
  ];
}

function judgeOwner({ mode, targetDatabase: target }: RestorePlan, manifest: Manifest): Finding {
  const user = userName();
  if (process.geteuid?.() !== 0) {
    return finding(
      'owner',
      'WARNING',
      `the worker is not root: everything will belong to ${user}`,
      'Give it to the user of the application afterwards, or run the worker as root.',
    );
  }
  if (mode === 'swap' && !isOfFolder(manifest))
    return ok('owner', `it gets the owner and the mode that ${target} has now`);
  if (manifest.source.kind === 'files')
    return ok('owner', 'owners and modes come back as they were backed up');
  return finding(
    'owner',
    'WARNING',
    `the new file will belong to ${user}, and nobody else may read it`,
    'Give it to the user of the application before that one needs it.',
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container a user may have a number alone.
    return `the user ${String(process.geteuid?.() ?? '')}`;
  }
}

/** The copy stands beside its target before it takes its place. */
async function judgeDisk(target: string, wholeBytes: number, isPart: boolean): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(dirname(target));
    const said = `${isPart ? 'at most ' : ''}${humanBytes(wholeBytes)} needed beside ${target}, ${humanBytes(bavail * bsize)} free`;
    if (bavail * bsize > wholeBytes) return ok('disk', said);
    return isPart
      ? finding(
          'disk',
          'UNKNOWN',
          said,
          'See that there is room for what was chosen: where there is not, nothing is changed.',
        )
      : finding('disk', 'BLOCKED', said, 'Make room on that disk, or choose a path on a larger one.');
  } catch {
    return finding(
      'disk',
      'UNKNOWN',
      `the room beside ${target} cannot be told`,
      'See that its folder is there, and that there is room on its disk.',
    );
  }
}

function consequences(
  { mode, targetDatabase: target, paths }: RestorePlan,
  manifest: Manifest,
  entries: readonly string[] | null,
  live: TreeSurvey | null,
): Pick<RestorePreview, 'creates' | 'replaces' | 'drops' | 'keeps'> {
  const what = contentWords(manifest, paths);
  if (mode === 'new') return { creates: [`${target} with ${what}`], replaces: [], drops: [], keeps: [] };
  const size = live === null ? '' : ` (${sizeWords(live)})`;
  const kept = `${target}_before_<time>, until you drop it`;
  return entries === null
    ? {
        creates: [`a copy beside it with ${what}, which takes the name ${target}`],
        replaces: [`${target}${size}`],
        drops: [],
        keeps: [`what is now ${target}, as ${kept}`],
      }
    : {
        creates: [`a copy beside it with ${what}`],
        replaces: [`in ${target}: ${listed(entries)}${size}`],
        drops: [],
        keeps: [`what these are now, in ${kept}`, `everything else in ${target}, as it is`],
      };
}

function contentWords({ source, facts, plain }: Manifest, paths: RestorePlan['paths']): string {
  const { files, tableCount } = facts;
  if (paths !== undefined) return `${counted(paths.length, 'chosen entry', 'chosen entries')} of the backup`;
  if (files !== null) return `${counted(files.files, 'file')}, ${humanBytes(files.bytes)}`;
  return source.kind === 'sqlite'
    ? `${counted(tableCount, 'table')}, ${humanBytes(plain.bytes)}`
    : `a snapshot of ${humanBytes(plain.bytes)}`;
}
