'use client';
import { Tabs } from 'antd';
import type { BackupDetail, BackupRow } from '#lib/contracts/backup.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { ChecksTab } from '#components/verification/checks-tab.tsx';
import { LogTab } from '#components/verification/log-tab.tsx';
import { ManifestTab } from '#components/verification/manifest-tab.tsx';
import { TablesTab } from '#components/table/tables-tab.tsx';
import { BackupFacts } from './backup-facts.tsx';
import { FilesTab } from './files-tab.tsx';
import { KeysTab } from './keys-tab.tsx';
import { DRAWER_TABS, type OpenBackup } from './use-history-search.ts';

const heldWord: Record<SourceKind, string> = {
  postgres: 'Tables',
  files: 'Files',
  sqlite: 'Tables',
  redis: 'Keys',
};

function Held({ backup }: { readonly backup: BackupDetail }) {
  switch (backup.sourceKind) {
    case 'postgres':
    case 'sqlite':
      return <TablesTab id={backup.id} sourceId={backup.sourceId} />;
    case 'files':
      return <FilesTab id={backup.id} />;
    case 'redis':
      return <KeysTab id={backup.id} />;
  }
}

/** Summary, checks, what it holds, manifest and log; a run that never became a backup has only the first. */
export function BackupTabs({
  backup,
  open,
  onChange,
  onAskVerify,
}: {
  readonly backup: BackupDetail;
  readonly open: OpenBackup;
  readonly onChange: (next: Pick<Partial<OpenBackup>, 'tab' | 'verificationId'>) => void;
  readonly onAskVerify: (row: BackupRow) => void;
}) {
  const summary = <BackupFacts backup={backup} />;
  if (backup.status !== 'COMPLETED' && backup.proof.lastVerificationId === null) return summary;
  const tabs = {
    summary: { label: 'Summary', children: summary },
    checks: {
      label: 'Checks',
      children: (
        <ChecksTab
          row={backup}
          chosenId={open.verificationId}
          onChoose={(verificationId) => {
            onChange({ verificationId });
          }}
          onAskVerify={onAskVerify}
        />
      ),
    },
    tables: { label: heldWord[backup.sourceKind], children: <Held backup={backup} /> },
    manifest: {
      label: 'Manifest',
      children: <ManifestTab id={backup.id} filename={backup.filename} />,
    },
    log: {
      label: 'Log',
      children: <LogTab verificationId={open.verificationId ?? backup.proof.lastVerificationId} />,
    },
  };
  return (
    <Tabs
      activeKey={open.tab}
      destroyOnHidden
      // Narrow enough for all five beside each other on a telephone.
      tabBarGutter={20}
      data-testid="backup-tabs"
      items={DRAWER_TABS.map((key) => ({ key, ...tabs[key] }))}
      onChange={(key) => {
        onChange({ tab: DRAWER_TABS.find((each) => each === key) ?? 'summary' });
      }}
    />
  );
}
