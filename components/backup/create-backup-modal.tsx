'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Checkbox, Collapse, Input, Select } from 'antd';
import { useSearchParams } from 'next/navigation';
import { useId, useState } from 'react';
import { triggerBackupAction } from '#app/actions/backup.ts';
import type { BackupRow, TriggerBackupRequest } from '#lib/contracts/backup.ts';
import type { OverviewSource } from '#lib/contracts/overview.ts';
import type { Installation } from '#lib/contracts/settings.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { meanwhileText } from '#lib/client/backup-words.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { useSettings } from '#lib/client/use-settings.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

function whatHappens(installation: Installation | undefined, what: string, kind: SourceKind): string {
  if (installation === undefined)
    return `Takes a full backup, stores it, then reads it back and compares. ${meanwhileText[kind]}`;
  const { storage, s3, localPath } = installation;
  const place = storage === 's3' ? `the S3 bucket ${s3?.bucket ?? ''}` : localPath;
  return `Takes a full backup of ${what}, stores it in ${place}, then reads it back and compares. ${meanwhileText[kind]}`;
}

/** The one the history is filtered by, where it is one of these. */
const parseSource = (asked: string | null, sources: readonly OverviewSource[]): string | null =>
  sources.some(({ id }) => id === asked) ? asked : null;

/** Confirms and starts a manual backup, with a note and, folded away, what else can be chosen. */
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
  const ids = { source: useId(), note: useId(), tables: useId() };
  const client = useQueryClient();
  const { data: settings } = useSettings();
  const [note, setNote] = useState('');
  const [tables, setTables] = useState<string[]>([]);
  const [schemaOnly, setSchemaOnly] = useState(false);
  const [uploadToS3, setUploadToS3] = useState<boolean | null>(null);
  const installation = settings?.installation;
  const isBusy = (id: string): boolean => running.some(({ sourceId }) => sourceId === id);
  const asked = parseSource(useSearchParams().get('source'), sources);
  const [chosen, setChosen] = useState<string | null>(null);
  const source =
    sources.find(({ id }) => id === (chosen ?? asked) && !isBusy(id)) ??
    sources.find(({ id }) => !isBusy(id));
  const address = installation?.source;
  const kind = source?.kind ?? 'postgres';
  const isEnvironment = source === undefined || source.id === ENVIRONMENT_SOURCE_ID;
  const what =
    isEnvironment && address !== undefined ? `${address.database} on ${address.host}` : (source?.name ?? '');

  const start = useMutation({
    mutationFn: (request: TriggerBackupRequest) => unwrapAction(triggerBackupAction(request)),
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.overview }),
        client.invalidateQueries({ queryKey: queryKeys.backups.all }),
      ]);
      onClose();
    },
  });
  const submit = () => {
    if (start.isPending) return;
    start.mutate({
      type: 'MANUAL',
      ...(source === undefined ? {} : { sourceId: source.id }),
      ...(note.trim() === '' ? {} : { description: note.trim() }),
      ...(kind !== 'postgres' || tables.length === 0 ? {} : { tables }),
      ...(kind === 'postgres' && schemaOnly ? { schemaOnly: true } : {}),
      ...(uploadToS3 === null ? {} : { uploadToS3 }),
    });
  };

  return (
    <Dialog
      title="Create a backup now"
      okText="Start backup"
      okButtonProps={{ loading: start.isPending, 'data-testid': 'start-backup' }}
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
        <p className="hf-muted">{whatHappens(installation, what, kind)}</p>
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
              value={source?.id ?? null}
              options={sources.map(({ id, name }) => ({
                value: id,
                name,
                label: isBusy(id) ? `${name} (a backup is running)` : name,
                disabled: isBusy(id),
              }))}
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
                <div className="hf-stack">
                  {kind === 'postgres' && (
                    <>
                      <div>
                        <label htmlFor={ids.tables} className="hf-label">
                          Only these tables
                        </label>
                        <Select
                          id={ids.tables}
                          mode="tags"
                          open={false}
                          suffix={null}
                          className="hf-full"
                          value={tables}
                          tokenSeparators={[',', ' ']}
                          placeholder="All tables"
                          onChange={setTables}
                        />
                        <span className="hf-help">
                          Type names such as items or sales.items, each followed by Enter. Such a backup
                          cannot replace the whole database.
                        </span>
                      </div>
                      <Checkbox
                        checked={schemaOnly}
                        onChange={(event) => {
                          setSchemaOnly(event.target.checked);
                        }}
                      >
                        Schema only, without rows
                      </Checkbox>
                    </>
                  )}
                  {installation?.storage === 'local' && (
                    <div>
                      <Checkbox
                        checked={uploadToS3 === true}
                        disabled={installation.s3 === null}
                        onChange={(event) => {
                          setUploadToS3(event.target.checked ? true : null);
                        }}
                      >
                        Upload to S3 as well
                      </Checkbox>
                      {installation.s3 === null && (
                        <span className="hf-help">
                          No S3 storage is configured: set BACKUP_S3_BUCKET and its keys.
                        </span>
                      )}
                    </div>
                  )}
                  {installation?.storage === 's3' && (
                    <Checkbox
                      checked={uploadToS3 === false}
                      onChange={(event) => {
                        setUploadToS3(event.target.checked ? false : null);
                      }}
                    >
                      Keep on the local disk instead of S3
                    </Checkbox>
                  )}
                </div>
              ),
            },
          ]}
        />
        {start.isError && <ProblemAlert error={start.error} title="The backup was not started" />}
        {/* Enter in the note starts it, as a form does. */}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}
