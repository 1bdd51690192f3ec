'use client';
import { Alert, Button } from 'antd';
import Link from 'next/link';
import { useState } from 'react';
import type { BackupDetail } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { hasTables } from '#lib/core/source-kind.ts';
import { coarseDuration } from '#lib/client/durations.ts';
import { whyNotRestorable } from '#lib/client/restore-words.ts';
import { allKeysText, filesText } from '#lib/client/held-words.ts';
import type { RestoreSearch } from '#lib/client/restore-plan.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { useNow } from '#lib/client/use-now.ts';
import { Instant } from '#components/ui/instant.tsx';
import { PathList } from '#components/ui/path-list.tsx';
import { ProofTag } from '#components/verification/proof-tag.tsx';
import { PathsChoice } from './paths-choice.tsx';
import { StepEnd } from './step-end.tsx';

/** The rows of the table somebody came for, as this backup counted them. */
function WantedRows({ backupId, table }: { readonly backupId: string; readonly table: string }) {
  const { data } = useManifest(backupId);
  if (data === undefined) return null;
  const fact = data.manifest.facts.tables.find(({ schema, name }) => `${schema}.${name}` === table);
  return (
    <p data-testid="wanted-rows">
      {fact === undefined ? (
        <>
          It holds no table <strong className="hf-wrap">{table}</strong>.
        </>
      ) : (
        <>
          It holds{' '}
          <strong>
            {fact.rows === null ? 'an unknown number of rows' : `${fact.rows.toLocaleString('en')} rows`}
          </strong>{' '}
          of <strong className="hf-wrap">{table}</strong>.
        </>
      )}
    </p>
  );
}

/** Of files and keys, what the manifest counted. */
function Held({ backup }: { readonly backup: BackupDetail }) {
  const isTold = backup.sourceKind === 'files' || backup.sourceKind === 'redis';
  const facts = useManifest(isTold ? backup.id : null).data?.manifest.facts;
  if (facts?.files != null) return <span>{filesText(facts.files)}</span>;
  if (facts?.keys != null) return <span>{allKeysText(facts.keys)}</span>;
  return null;
}

/** That a backup of files is of some paths of their folder alone. */
function OnlyNote({ backup }: { readonly backup: BackupDetail }) {
  const only = useManifest(backup.sourceKind === 'files' ? backup.id : null).data?.manifest.options.files
    ?.only;
  if (only == null) return null;
  return (
    <div className="hf-stack" data-testid="only-part">
      <p>
        Of <span className="hf-wrap">{backup.source.database}</span> it holds only these paths. A swap
        exchanges them alone; all else there stays as it is.
      </p>
      <PathList label="Paths that were backed up" paths={only} />
    </div>
  );
}

function ProofNote({ backup }: { readonly backup: BackupDetail }) {
  const { state } = backup.proof;
  if (state === 'PROVEN') return null;
  return (
    <Alert
      type={state === 'FAILED' ? 'error' : 'warning'}
      showIcon
      title={state === 'FAILED' ? 'This backup failed its proof' : 'This backup was never proven'}
      description={
        <>
          <p>
            {state === 'FAILED'
              ? 'A verification found something wrong with it. Take another one if you can.'
              : 'Its stored bytes were read back and found whole, but no restore of it was compared yet.'}{' '}
            Whatever you restore is compared with the manifest before it is swapped in.
          </p>
          <p>
            <Link href={`/settings/backup?backup=${backup.id}&tab=checks`} className="hf-link">
              {state === 'FAILED' ? 'See what was found' : 'See its checks, or verify it first'}
            </Link>
          </p>
        </>
      }
    />
  );
}

/** The backup: how old, how sure, and what is not in it. */
export function WhatStep({
  backup,
  search,
  onChange,
  onOther,
  onNext,
}: {
  readonly backup: BackupDetail;
  readonly search: Pick<RestoreSearch, 'paths'> & { readonly table: string | null };
  readonly onChange: (changes: Pick<RestoreSearch, 'paths'>) => void;
  readonly onOther: () => void;
  readonly onNext: () => void;
}) {
  const now = useNow();
  const { table, paths } = search;
  const [isChoosing, setChoosing] = useState(false);
  const reason = whyNotRestorable(backup);
  const ageSeconds =
    now === null ? null : Math.max(0, (now.getTime() - new Date(backup.createdAt).getTime()) / 1_000);
  const isPart = backup.options.tables !== null || backup.options.schemaOnly;
  return (
    <>
      <div className="hf-chosen" data-testid="chosen-backup" data-id={backup.id}>
        <p className="hf-chosen-when hf-wrap">
          {backup.source.database} as of <Instant at={backup.createdAt} as="calendar" />
        </p>
        <p className="hf-wrap hf-muted">{backup.filename}</p>
        <div className="hf-chosen-facts">
          <ProofTag row={backup} />
          <span>{humanBytes(backup.size)}</span>
          <Held backup={backup} />
          {hasTables(backup.sourceKind) && backup.tableCount !== null && (
            <span>{backup.tableCount === 1 ? '1 table' : `${String(backup.tableCount)} tables`}</span>
          )}
        </div>
        {backup.description !== null && <p className="hf-wrap">“{backup.description}”</p>}
        {table !== null && reason === null && <WantedRows backupId={backup.id} table={table} />}
      </div>
      {reason !== null ? (
        <Alert type="error" showIcon title="This backup cannot be restored" description={reason} />
      ) : (
        <>
          {ageSeconds !== null && (
            <p data-testid="not-in-it">
              What changed since then,{' '}
              <strong>
                {ageSeconds < 60 ? 'the last moments' : `the last ${coarseDuration(ageSeconds)}`}
              </strong>
              , is not in it. It stays in what is in use, which is kept.
            </p>
          )}
          {isPart && (
            <Alert
              type="warning"
              showIcon
              title="This is not a backup of the whole database"
              description={
                backup.options.schemaOnly
                  ? 'It was taken without rows: tables come back empty.'
                  : `It holds only ${(backup.options.tables ?? []).join(', ')}.`
              }
            />
          )}
          <OnlyNote backup={backup} />
          <ProofNote backup={backup} />
          {backup.sourceKind === 'files' && (
            <PathsChoice
              paths={paths}
              onChange={(chosen) => {
                setChoosing(chosen === null);
                onChange({ paths: chosen ?? [] });
              }}
            />
          )}
        </>
      )}
      <StepEnd untouched="Nothing has been touched. This page only reads." onBack={null}>
        <Button onClick={onOther} data-testid="other-backup">
          Another backup
        </Button>
        {reason === null && (
          <Button type="primary" onClick={onNext} disabled={isChoosing} data-testid="next-step">
            Where and how
          </Button>
        )}
      </StepEnd>
    </>
  );
}
