'use client';
import type { DescriptionsProps } from 'antd';
import type { BackupCopy, BackupDetail } from '#lib/contracts/backup.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import { aboutDuration, shortDuration } from '#lib/client/durations.ts';
import { allKeysText, changedText, filesText } from '#lib/client/held-words.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { BorderedFacts } from '#components/ui/bordered-facts.tsx';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { KindMark } from '#components/source/kind-mark.tsx';
import { ProofTag } from '#components/verification/proof-tag.tsx';
import { TierTags } from './tier-tags.tsx';

const copyWord: Record<BackupCopy['status'], string> = {
  WRITING: 'being written',
  STORED: 'stored',
  FAILED: 'failed',
  REMOVED: 'removed',
};
type Items = NonNullable<DescriptionsProps['items']>;

function Checksum({ value, what }: { readonly value: string; readonly what: string }) {
  return (
    <div className="hf-checksum">
      <code className="hf-wrap">{value}</code>
      <CopyButton text={value} what={what} />
    </div>
  );
}

function Copy({ copy }: { readonly copy: BackupCopy }) {
  return (
    <li className="hf-copy-row">
      <strong>{destinationWord[copy.destination]}</strong>, {copyWord[copy.status]}
      {copy.sizeBytes !== null && `, ${humanBytes(copy.sizeBytes)}`}
      <br />
      <code className="hf-wrap">{copy.key}</code>
      <br />
      <span className="hf-muted">
        {copy.checkedAt === null ? (
          'Never read back'
        ) : (
          <>
            Size and checksum read back <Instant at={copy.checkedAt} />
          </>
        )}
      </span>
    </li>
  );
}

const bytesText = (bytes: number): string =>
  bytes < 1024 ? humanBytes(bytes) : `${humanBytes(bytes)} (${bytes.toLocaleString('en')} bytes)`;

function tablesText({ options, tableCount }: BackupDetail): string {
  const scope = options.tables === null ? 'All tables' : `Only ${options.tables.join(', ')}`;
  const count = tableCount === null || options.tables !== null ? '' : ` (${String(tableCount)})`;
  return `${scope}${count}${options.schemaOnly ? ', without rows' : ''}`;
}

/** Of files and keys the manifest tells; of a run that has none yet, nothing does. */
function Holds({ backup }: { readonly backup: BackupDetail }) {
  const isTold = backup.sourceKind === 'files' || backup.sourceKind === 'redis';
  const { data } = useManifest(isTold && backup.status === 'COMPLETED' ? backup.id : null);
  if (!isTold) return <>{tablesText(backup)}</>;
  const { files = null, keys = null } = data?.manifest.facts ?? {};
  if (files !== null) {
    return (
      <>
        {filesText(files)}
        {files.changedCount > 0 && <span className="hf-help">{changedText(files)}</span>}
      </>
    );
  }
  return <>{keys === null ? '–' : allKeysText(keys)}</>;
}

function expiry(backup: BackupDetail) {
  if (backup.expiresAt === null) {
    return backup.tiers.includes('MANUAL') ? 'A person deletes it' : 'Newer ones take its place';
  }
  return <Instant at={backup.expiresAt} as="calendar" />;
}

function ProofFact({ backup }: { readonly backup: BackupDetail }) {
  const { provenAt, recoveryMs, bytesFineAt } = backup.proof;
  return (
    <div className="hf-proof-fact">
      <ProofTag row={backup} />
      {provenAt !== null && (
        <span className="hf-muted">
          Restored and found equal <Instant at={provenAt} as="calendar" />
          {recoveryMs !== null && `; that took ${aboutDuration(recoveryMs)}`}
        </span>
      )}
      {bytesFineAt !== null && (
        <span className="hf-muted">
          Stored bytes last read and found unchanged <Instant at={bytesFineAt} as="calendar" />
        </span>
      )}
    </div>
  );
}

export function BackupFacts({ backup }: { readonly backup: BackupDetail }) {
  const items: Items = [
    ...(backup.status === 'COMPLETED'
      ? [{ key: 'proof', label: 'Proof', children: <ProofFact backup={backup} /> }]
      : []),
    { key: 'taken', label: 'Started', children: <Instant at={backup.createdAt} as="calendar" /> },
    ...(backup.finishedAt === null
      ? []
      : [{ key: 'finished', label: 'Finished', children: <Instant at={backup.finishedAt} as="calendar" /> }]),
    ...(backup.durationMs === null
      ? []
      : [{ key: 'duration', label: 'Duration', children: shortDuration(backup.durationMs) }]),
    { key: 'type', label: 'Type', children: <TierTags tiers={backup.tiers} /> },
    { key: 'by', label: 'Asked for by', children: backup.requestedBy ?? 'The schedule' },
    ...(backup.description === null ? [] : [{ key: 'note', label: 'Note', children: backup.description }]),
    {
      key: 'source',
      label: 'Source',
      children: (
        <>
          <KindMark kind={backup.sourceKind} />
          <br />
          <span className="hf-wrap">{backup.source.place}</span>
        </>
      ),
    },
    { key: 'holds', label: 'Holds', children: <Holds backup={backup} /> },
    ...(backup.size === 0 ? [] : [{ key: 'size', label: 'Stored size', children: bytesText(backup.size) }]),
    ...(backup.plainSize === null
      ? []
      : [{ key: 'plain', label: 'Size of the dump', children: bytesText(backup.plainSize) }]),
    { key: 'encrypted', label: 'Encrypted', children: backup.isEncrypted ? 'Yes, with age' : 'No' },
    ...(backup.status === 'COMPLETED'
      ? [{ key: 'expires', label: 'Kept until', children: expiry(backup) }]
      : []),
    ...(backup.checksum === ''
      ? []
      : [
          {
            key: 'sha',
            label: 'SHA-256 as stored',
            children: <Checksum value={backup.checksum} what="checksum of the stored archive" />,
          },
        ]),
    ...(backup.plainChecksum === null
      ? []
      : [
          {
            key: 'plain-sha',
            label: 'SHA-256 of the dump',
            children: <Checksum value={backup.plainChecksum} what="checksum of the dump" />,
          },
        ]),
    {
      key: 'copies',
      label: 'Copies',
      children:
        backup.copies.length === 0 ? (
          'None was written'
        ) : (
          <ul className="hf-copies">
            {backup.copies.map((copy) => (
              <Copy key={copy.destination} copy={copy} />
            ))}
          </ul>
        ),
    },
    { key: 'id', label: 'Id', children: <code className="hf-wrap">{backup.id}</code> },
  ];
  return <BorderedFacts items={items} />;
}
