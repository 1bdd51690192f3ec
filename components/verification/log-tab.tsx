'use client';
import { Skeleton } from 'antd';
import { useVerification } from '#lib/client/use-verification.ts';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { TextRegion } from '#components/ui/text-region.tsx';

/** What a verification did and when, as its worker wrote it. */
export function LogTab({ verificationId }: { readonly verificationId: string | null }) {
  const { data, isError, error } = useVerification(verificationId);
  if (verificationId === null) {
    return (
      <EmptyState title="No log yet">
        What a verification does, step by step, is written here while it runs.
      </EmptyState>
    );
  }
  if (data === undefined) {
    return isError ? (
      <ProblemAlert error={error} title="The log could not be loaded" />
    ) : (
      <Skeleton active title={false} paragraph={{ rows: 6 }} />
    );
  }
  if (data.log === '') {
    return <EmptyState title="Nothing was written">The verification left no line in its log.</EmptyState>;
  }
  return (
    <TextRegion
      label="Log of the verification"
      text={data.log}
      actions={<CopyButton text={data.log} what="log" />}
    />
  );
}
