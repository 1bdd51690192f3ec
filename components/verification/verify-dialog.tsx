'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Radio } from 'antd';
import { useState } from 'react';
import { verifyBackupAction } from '#app/actions/verification.ts';
import type { BackupDetail, BackupRow, Destination } from '#lib/contracts/backup.ts';
import { DEPTHS, type Depth, type VerifyRequest } from '#lib/contracts/verification.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { destinationWord } from '#lib/client/backup-words.ts';
import { aboutDuration } from '#lib/client/durations.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { useBackup } from '#lib/client/use-backup.ts';
import { useOverview } from '#lib/client/use-overview.ts';
import { useSettings } from '#lib/client/use-settings.ts';
import { useVerifications } from '#lib/client/use-verifications.ts';
import { depthShows, depthWord } from '#lib/client/verification-words.ts';
import { estimateMs, type MeasuredVerification } from '#lib/client/verify-estimate.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

/** What verifications of this backup and of the newest proven one took: all that an estimate can stand on. */
function useMeasured(row: BackupRow): readonly MeasuredVerification[] {
  const proven = useOverview().data?.newestProven ?? null;
  const own = useVerifications(row.id);
  const others = useVerifications(proven === null || proven.id === row.id ? null : proven.id);
  return [
    ...(own.data?.data ?? []).map((verification) => ({ size: row.size, verification })),
    ...(others.data?.data ?? []).map((verification) => ({ size: proven?.size ?? 0, verification })),
  ];
}

function DestinationChoice({
  copies,
  value,
  onChange,
}: {
  readonly copies: BackupDetail['copies'];
  readonly value: Destination | null;
  readonly onChange: (destination: Destination) => void;
}) {
  return (
    <fieldset className="hf-fieldset">
      <legend className="hf-label">Which copy</legend>
      <Radio.Group
        name="destination"
        value={value ?? copies[0]?.destination}
        onChange={(event) => {
          onChange(event.target.value as Destination);
        }}
        options={copies.map(({ destination }) => ({
          value: destination,
          label: destinationWord[destination],
        }))}
      />
    </fieldset>
  );
}

/** Chooses how deep to look, and where there are two copies at which; then starts it. */
export function VerifyDialog({
  row,
  onStarted,
  onClose,
}: {
  readonly row: BackupRow;
  readonly onStarted: (verificationId: string) => void;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [depth, setDepth] = useState<Depth>('restore');
  const [destination, setDestination] = useState<Destination | null>(null);
  const stored = (useBackup(row.id).data?.copies ?? []).filter(({ status }) => status === 'STORED');
  const installation = useSettings().data?.installation;
  const measured = useMeasured(row);
  const start = useMutation({
    mutationFn: (request: VerifyRequest) => unwrapAction(verifyBackupAction(row.id, request)),
    onSuccess: async ({ id }) => {
      onStarted(id);
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.overview }),
        client.invalidateQueries({ queryKey: queryKeys.backups.all }),
        client.invalidateQueries({ queryKey: queryKeys.verifications.all }),
      ]);
    },
  });
  const cannotOpen = row.isEncrypted && installation?.verification.hasIdentity === false;
  return (
    <Dialog
      title="Verify this backup"
      okText="Start verification"
      okButtonProps={{ loading: start.isPending, 'data-testid': 'start-verification' }}
      cancelText="Not now"
      onOk={() => {
        if (start.isPending) return;
        start.mutate({ depth, ...(destination === null ? {} : { destination }) });
      }}
      onCancel={onClose}
    >
      <div className="hf-stack" data-testid="verify-dialog">
        <p className="hf-muted">
          The backup of <Instant at={row.createdAt} as="calendar" />, {humanBytes(row.size)}. It is only read;
          what is in use is not touched. A backup that comes due meanwhile goes first.
        </p>
        <fieldset className="hf-fieldset">
          <legend className="hf-label">How deep</legend>
          <div className="hf-choices">
            {DEPTHS.map((each) => {
              const takes = estimateMs(each, row.size, measured);
              return (
                <Radio
                  key={each}
                  className="hf-choice"
                  name="depth"
                  value={each}
                  checked={each === depth}
                  data-testid={`depth-${each}`}
                  onChange={() => {
                    setDepth(each);
                  }}
                >
                  <span className="hf-choice-head">
                    <strong>{depthWord[each]}</strong>
                    <span className="hf-muted">
                      {takes === null ? 'not measured yet' : `about ${aboutDuration(takes)}`}
                    </span>
                  </span>
                  <span className="hf-muted">{depthShows(each, row.sourceKind)}</span>
                </Radio>
              );
            })}
          </div>
        </fieldset>
        {cannotOpen && depth !== 'bytes' && (
          <Alert
            type="warning"
            showIcon
            title="This archive cannot be opened here"
            description="It is encrypted, and this installation holds no identity file. The result will be UNKNOWN until BACKUP_AGE_IDENTITY_FILE names one; its bytes are still read and compared."
          />
        )}
        {stored.length > 1 && (
          <DestinationChoice copies={stored} value={destination} onChange={setDestination} />
        )}
        {start.isError && <ProblemAlert error={start.error} title="The verification was not started" />}
      </div>
    </Dialog>
  );
}
