'use client';
import { Tabs } from 'antd';
import type { BackupDetail, BackupRow } from '#lib/contracts/backup.ts';
import { ChecksTab } from '#components/verification/checks-tab.tsx';
import { LogTab } from '#components/verification/log-tab.tsx';
import { ManifestTab } from '#components/verification/manifest-tab.tsx';
import { TablesTab } from '#components/table/tables-tab.tsx';
import { BackupFacts } from './backup-facts.tsx';
import { DRAWER_TABS, type OpenBackup } from './use-history-search.ts';

/** Summary, checks, tables, manifest and log; a run that never became a backup has only the first. */
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
    tables: { label: 'Tables', children: <TablesTab id={backup.id} sourceId={backup.sourceId} /> },
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
