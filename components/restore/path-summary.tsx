import type { BackupDetail } from '#lib/contracts/backup.ts';
import type { RestorePlan, RestorePreview } from '#lib/contracts/restore.ts';
import { aboutDuration } from '#lib/client/durations.ts';
import type { PathKind } from '#lib/client/restore-kind-words.ts';
import { Instant } from '#components/ui/instant.tsx';

const compared: Record<PathKind, string> = {
  files: 'Every name and content of the copy is compared with the manifest.',
  sqlite: 'It is looked over for damage, and every table and row is compared with the manifest.',
  redis: 'The keys of every database are compared with the manifest.',
};

/** What will happen in order, of a restore to a path. */
export function PathSummary({
  backup,
  kind,
  plan,
  preview,
}: {
  readonly backup: BackupDetail;
  readonly kind: PathKind;
  readonly plan: RestorePlan;
  readonly preview: RestorePreview;
}) {
  const target = <strong className="hf-wrap">{plan.targetDatabase}</strong>;
  const chosen = plan.paths !== undefined && (
    <>
      {' '}
      Of it only <strong className="hf-wrap">{plan.paths.join(', ')}</strong>.
    </>
  );
  return (
    <ol className="hf-will">
      <li>
        The backup of <Instant at={backup.createdAt} as="calendar" /> is checked to its end, then restored to{' '}
        {plan.mode === 'new' ? <>the new path {target}</> : <>a path beside {target}</>}
        {preview.estimatedSeconds !== null && `, in about ${aboutDuration(preview.estimatedSeconds * 1_000)}`}
        .{chosen}
      </li>
      <li>{compared[kind]}</li>
      {plan.mode === 'swap' && (
        <>
          {plan.pauseBeforeSwap && <li>It waits: you can look at what differs and decide.</li>}
          <li>
            The copy takes the place of {plan.paths === undefined ? 'what is at' : 'these paths below'}{' '}
            {target}, in a moment. What was there is kept under another name, and you can undo this.
          </li>
        </>
      )}
      {plan.hooks.length > 0 && (
        <li>The commands {plan.hooks.join(', ')} of the server run before and after that.</li>
      )}
    </ol>
  );
}
