'use client';
import { Segmented, Select, Skeleton } from 'antd';
import { useId, useState } from 'react';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { aboutDuration } from '#lib/client/durations.ts';
import { restorePrograms, restoreSteps } from '#lib/client/restore-steps.ts';
import { useBackup } from '#lib/client/use-backup.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { useOverview } from '#lib/client/use-overview.ts';
import { useSettings } from '#lib/client/use-settings.ts';
import { CommandBlock } from '#components/ui/command-block.tsx';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { DownloadButton } from './download-button.tsx';
import { EmergencyContacts } from './emergency-contacts.tsx';

const wholeWord: Record<SourceKind, string> = {
  postgres: 'the whole database',
  files: 'the files',
  sqlite: 'the database file',
  redis: 'all keys',
};

/** The steps for the newest proven backup of a whole source, what would be lost, and whom to call. */
export function RestoreGuide({
  source,
}: {
  /** Whose; null where the page shows every source: then it can be chosen here. */
  readonly source: string | null;
}) {
  const pickerId = useId();
  const settings = useSettings();
  const overview = useOverview();
  const [wantsNewest, setWantsNewest] = useState(false);
  const [picked, setPicked] = useState<string | null>(null);
  const sources = overview.data?.sources ?? [];
  const wanted = source ?? picked;
  const shown =
    sources.find(({ id }) => id === wanted) ?? sources.find(({ newestGood }) => newestGood !== null) ?? null;
  // Not the newest COMPLETED one: swapping in a backup of two tables would lose all the others.
  const newestId = shown?.newestGood?.id ?? null;
  const provenId = shown?.newestProven?.id ?? null;
  const chosenId = wantsNewest ? newestId : (provenId ?? newestId);
  const backup = useBackup(chosenId);
  const manifest = useManifest(chosenId);
  const [downloadProblem, setDownloadProblem] = useState<unknown>(null);

  const failed = [settings, overview, backup].find(({ isError, data }) => isError && data === undefined);
  if (failed !== undefined) {
    return (
      <ProblemAlert
        error={failed.error}
        title="The instructions could not be put together"
        onRetry={() => {
          void failed.refetch();
        }}
      />
    );
  }
  if (settings.data === undefined || overview.data === undefined)
    return <Skeleton active title={false} paragraph={{ rows: 6 }} />;
  const { installation, settings: chosen } = settings.data;
  const picker = source === null && shown !== null && sources.length > 1 && (
    <div className="hf-choose">
      <label htmlFor={pickerId}>Source</label>
      <Select
        id={pickerId}
        className="hf-choose-select"
        data-testid="guide-source"
        value={shown.id}
        options={sources.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={setPicked}
      />
    </div>
  );
  if (chosenId === null) {
    return (
      <div className="hf-stack hf-guide">
        {picker}
        <EmptyState title="Nothing to restore yet">
          Once a backup of the whole source is complete, the exact commands to restore it appear here.
        </EmptyState>
      </div>
    );
  }
  if (backup.data === undefined || manifest.isPending)
    return <Skeleton active title={false} paragraph={{ rows: 6 }} />;

  const { recoveryMs } = backup.data.proof;
  return (
    <div className="hf-stack hf-guide">
      {picker}
      {provenId !== null && newestId !== null && provenId !== newestId && (
        <Segmented
          aria-label="Which backup to restore"
          data-testid="guide-choice"
          value={wantsNewest ? 'newest' : 'proven'}
          options={[
            { value: 'proven', label: 'Newest proven' },
            { value: 'newest', label: 'Newest, not proven' },
          ]}
          onChange={(value) => {
            setWantsNewest(value === 'newest');
          }}
        />
      )}
      <p data-testid="guide-lead" data-proven={chosenId === provenId}>
        The newest {chosenId === provenId ? 'proven' : 'completed'} backup of{' '}
        {wholeWord[backup.data.sourceKind]} is from <Instant at={backup.data.createdAt} as="calendar" />,{' '}
        <Instant at={backup.data.createdAt} />.{' '}
        {chosenId !== provenId
          ? 'It was read back and found whole, but no restore of it was compared yet. '
          : recoveryMs === null
            ? ''
            : `Restoring it took ${aboutDuration(recoveryMs)} when it was proven. `}
        The steps bring it back beside what is in use and put it in its place only after the two were
        compared, so that no step destroys anything. They need {restorePrograms(backup.data)}, and nothing of
        Holdfast.
      </p>
      <p className="hf-muted">
        <code>scripts/backup-verify.sh</code> restores an archive into a place of its own, compares it with
        its manifest and removes it again, and <code>scripts/restore.sh</code> brings one back, both also
        while this console is down. Beside the archives lies a <code>restore.sh</code> that runs the steps
        below and needs nothing of Holdfast.
      </p>
      <div className="hf-row">
        <DownloadButton row={backup.data} size="middle" onProblem={setDownloadProblem} />
        <code className="hf-wrap">{backup.data.filename}</code>
      </div>
      {downloadProblem !== null && <ProblemAlert error={downloadProblem} title="The download was refused" />}
      <ol className="hf-steps">
        {restoreSteps(installation, backup.data, manifest.data?.manifest ?? null).map((step) => (
          <li key={step.title}>
            <h3>{step.title}</h3>
            <p className="hf-muted">{step.text}</p>
            {step.command !== null && (
              <CommandBlock command={step.command} what={`command: ${step.title.toLowerCase()}`} />
            )}
          </li>
        ))}
      </ol>
      <div>
        <h3>What will be missing</h3>
        <p className="hf-muted">
          Everything written to <span className="hf-wrap">{backup.data.source.database}</span> after the
          backup was taken. The recovery point objective (RPO) of this installation is{' '}
          {String(chosen.rpoHours)} hours: with backups on schedule, no more than that is lost.
        </p>
      </div>
      <div>
        <h3>Whom to call</h3>
        <EmergencyContacts contacts={chosen.emergencyContacts} />
      </div>
    </div>
  );
}
