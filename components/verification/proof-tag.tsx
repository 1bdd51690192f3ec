'use client';
import {
  CheckCircleOutlined,
  CloseCircleOutlined,
  MinusCircleOutlined,
  QuestionCircleOutlined,
  SafetyCertificateOutlined,
  SyncOutlined,
} from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { proofWords, type ProofLook } from '#lib/client/proof-words.ts';
import { useNow } from '#lib/client/use-now.ts';
import { Tip } from '#components/ui/tip.tsx';

const icons: Record<ProofLook, ReactNode> = {
  IN_PROGRESS: <SyncOutlined spin aria-hidden />,
  PROVEN: <SafetyCertificateOutlined aria-hidden />,
  BYTES_FINE: <CheckCircleOutlined aria-hidden />,
  FAILED: <CloseCircleOutlined aria-hidden />,
  UNKNOWN: <QuestionCircleOutlined aria-hidden />,
  NEVER: <MinusCircleOutlined aria-hidden />,
};

/** Whether and when a backup was proven, in words; what stands behind it on hover and focus. */
export function ProofTag({ row }: { readonly row: Pick<BackupRow, 'status' | 'proof'> }) {
  const now = useNow();
  if (now === null) return null;
  const words = proofWords(row, now);
  if (words === null) return <span className="hf-muted">–</span>;
  return (
    <Tip
      title={
        words.detail.length === 0 ? null : (
          <div className="hf-tip-lines">
            {words.detail.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </div>
        )
      }
    >
      <span className="hf-proof" data-testid="proof" data-status={words.look} tabIndex={0}>
        {icons[words.look]}
        <span>{words.text}</span>
      </span>
    </Tip>
  );
}
