'use client';
import { Button } from 'antd';
import { useState } from 'react';
import type { TokenRow } from '#lib/contracts/token.ts';
import { useTokens } from '#lib/client/use-tokens.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { CreateTokenModal } from './create-token-modal.tsx';
import { RevokeTokenModal } from './revoke-token-modal.tsx';
import { TokenList } from './token-list.tsx';

export function TokensPage() {
  const { data, isError, error, isFetching, refetch } = useTokens();
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenRow | null>(null);
  return (
    <div className="hf-page">
      <PageHeader
        title="API tokens"
        lead="For scripts and other programs: they send a token instead of signing in."
        action={
          <Button
            type="primary"
            data-testid="create-token"
            onClick={() => {
              setCreating(true);
            }}
          >
            Create a token
          </Button>
        }
      />
      {isError && (
        <ProblemAlert
          error={error}
          title="The tokens could not be loaded"
          isRetrying={isFetching}
          onRetry={() => {
            void refetch();
          }}
        />
      )}
      {data?.data.length === 0 && (
        <EmptyState title="No tokens yet">
          Create one for each program that talks to this console, so that each can be revoked by itself. A
          program sends it as <code className="hf-wrap">Authorization: Bearer hf_…</code>.
        </EmptyState>
      )}
      {data?.data.length !== 0 && !(isError && data === undefined) && (
        <Section name="tokens" title="Tokens">
          <TokenList tokens={data?.data} onRevoke={setRevoking} />
        </Section>
      )}
      {isCreating && (
        <CreateTokenModal
          onClose={() => {
            setCreating(false);
          }}
        />
      )}
      {revoking !== null && (
        <RevokeTokenModal
          token={revoking}
          onClose={() => {
            setRevoking(null);
          }}
        />
      )}
    </div>
  );
}
