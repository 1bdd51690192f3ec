import {
  CheckCircleOutlined,
  CloseCircleOutlined,
  QuestionCircleOutlined,
  SyncOutlined,
} from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { VerificationStatus } from '#lib/contracts/verification.ts';
import { verificationStatusWord } from '#lib/client/verification-words.ts';

const icons: Record<VerificationStatus, ReactNode> = {
  IN_PROGRESS: <SyncOutlined spin aria-hidden />,
  PASSED: <CheckCircleOutlined aria-hidden />,
  FAILED: <CloseCircleOutlined aria-hidden />,
  UNKNOWN: <QuestionCircleOutlined aria-hidden />,
};

/** A verdict as sign and word; never by colour alone. */
export function VerdictMark({ status }: { readonly status: VerificationStatus }) {
  return (
    <span className="hf-verdict-mark" data-status={status}>
      {icons[status]} {verificationStatusWord[status]}
    </span>
  );
}
