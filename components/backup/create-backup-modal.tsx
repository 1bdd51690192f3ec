'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Collapse, Input, Select } from 'antd';
import { useSearchParams } from 'next/navigation';
import { useId, useState } from 'react';
import type { BackupRow, TriggerBackupRequest } from '#lib/contracts/backup.ts';
import type { OverviewSource } from '#lib/contracts/overview.ts';
import type { Installation } from '#lib/contracts/settings.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { meanwhileText } from '#lib/client/backup-words.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { useSettings } from '#lib/client/use-settings.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { BackupOptionFields, type BackupOptions } from './backup-options.tsx';
import { startBackups } from './start-backups.ts';

/** In place of the id of a source: each that is not busy. */
const EVERY_SOURCE = 'all';

/** The database as the environment names it, or the source as people named it. */
function nameOf(source: OverviewSource, installation: Installation): string {
  const { database, host } = installation.source;
  return source.id === ENVIRONMENT_SOURCE_ID ? `${database} on ${host}` : source.name;
}

function whatHappens(sources: readonly OverviewSource[], installation: Installation | undefined): string {
  const [source, ...others] = sources;
  if (source === undefined) return '';
  if (others.length > 0) {
    return `Takes a full backup of each of ${String(sources.length)} sources, stores it, then reads it back and compares. All stay in use meanwhile.`;
  }
  if (installation === undefined)
    return `Takes a full backup, stores it, then reads it back and compares. ${meanwhileText[source.kind]}`;
  const { storage, s3, localPath } = installation;
  const place = storage === 's3' ? `the S3 bucket ${s3?.bucket ?? ''}` : localPath;
  return `Takes a full backup of ${nameOf(source, installation)}, stores it in ${place}, then reads it back and compares. ${meanwhileText[source.kind]}`;
}

/** The one the history is filtered by, where it is one of these. */
const parseSource = (asked: string | null, sources: readonly OverviewSource[]): string | null =>
  sources.some(({ id }) => id === asked) ? asked : null;

/** Confirms and starts a manual backup of one source or of all, with a note and, folded away, what else can be chosen. */
export function CreateBackupModal({
  sources,
  running,
  onClose,
}: {
  /** Those that are enabled. */
  readonly sources: readonly OverviewSource[];
  readonly running: readonly BackupRow[];
  readonly onClose: () => void;
}) {
  const ids = { source: useId(), note: useId() };
  const client = useQueryClient();
  const installation = useSettings().data?.installation;
  const [note, setNote] = useState('');
  const [options, setOptions] = useState<BackupOptions>({ tables: [], schemaOnly: false, uploadToS3: null });
  const isBusy = (id: string): boolean => running.some(({ sourceId }) => sourceId === id);
  const free = sources.filter(({ id }) => !isBusy(id));
  const asked = parseSource(useSearchParams().get('source'), sources);
  const [chosen, setChosen] = useState<string | null>(null);
  const one = free.find(({ id }) => id === (chosen ?? asked)) ?? free[0];
  const isEvery = chosen === EVERY_SOURCE && free.length > 1;
  const wanted = isEvery || one === undefined ? free : [one];
  const hasTables = !isEvery && one?.kind === 'postgres';

  const start = useMutation({
    mutationFn: () =>
      startBackups(wanted, ({ id }): TriggerBackupRequest => ({
        type: 'MANUAL',
        sourceId: id,
        ...(note.trim() === '' ? {} : { description: note.trim() }),
        ...(hasTables && options.tables.length > 0 ? { tables: [...options.tables] } : {}),
        ...(hasTables && options.schemaOnly ? { schemaOnly: true } : {}),
        ...(options.uploadToS3 === null ? {} : { uploadToS3: options.uploadToS3 }),
      })),
    onSuccess: async (refused) => {
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.overview }),
        client.invalidateQueries({ queryKey: queryKeys.backups.all }),
      ]);
      if (refused.length === 0) onClose();
    },
  });
  const submit = () => {
    if (!start.isPending) start.mutate();
  };

  return (
    <Dialog
      title="Create a backup now"
      okText={isEvery ? `Start ${String(wanted.length)} backups` : 'Start backup'}
      okButtonProps={{
        loading: start.isPending,
        disabled: wanted.length === 0,
        'data-testid': 'start-backup',
      }}
      cancelText="Not now"
      onOk={submit}
      onCancel={onClose}
    >
      <form
        className="hf-stack"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <p className="hf-muted">{whatHappens(wanted, installation)}</p>
        {sources.length > 1 && (
          <div>
            <label htmlFor={ids.source} className="hf-label">
              Source
            </label>
            <Select
              id={ids.source}
              data-testid="backup-source"
              className="hf-full"
              showSearch={{ optionFilterProp: 'name' }}
              value={isEvery ? EVERY_SOURCE : (one?.id ?? null)}
              options={[
                ...(free.length > 1
                  ? [
                      {
                        value: EVERY_SOURCE,
                        name: 'all sources',
                        label:
                          free.length === sources.length
                            ? `All ${String(free.length)} sources`
                            : `All ${String(free.length)} that are not being backed up`,
                      },
                    ]
                  : []),
                ...sources.map(({ id, name }) => ({
                  value: id,
                  name,
                  label: isBusy(id) ? `${name} (a backup is running)` : name,
                  disabled: isBusy(id),
                })),
              ]}
              onChange={setChosen}
            />
          </div>
        )}
        <div>
          <label htmlFor={ids.note} className="hf-label">
            Note <span className="hf-muted">(optional)</span>
          </label>
          <Input
            id={ids.note}
            data-testid="backup-note"
            value={note}
            maxLength={500}
            placeholder="Before the upgrade"
            onChange={(event) => {
              setNote(event.target.value);
            }}
          />
        </div>
        <Collapse
          size="small"
          items={[
            {
              key: 'options',
              label: 'Options',
              children: (
                <BackupOptionFields
                  installation={installation}
                  hasTables={hasTables}
                  value={options}
                  onChange={setOptions}
                />
              ),
            },
          ]}
        />
        {start.isSuccess &&
          start.data.map(({ source, error }) => (
            <ProblemAlert
              key={source.id}
              error={error}
              title={`The backup of ${source.name} was not started`}
            />
          ))}
        {/* Enter in the note starts it, as a form does. */}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}
