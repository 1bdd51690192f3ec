'use client';
import { Button, Tag } from 'antd';
import type { TokenRow } from '#lib/contracts/token.ts';
import { roleWord } from '#lib/client/role-words.ts';
import { tokenState } from '#lib/client/token-state.ts';
import { useNow } from '#lib/client/use-now.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Instant } from '#components/ui/instant.tsx';

type OnRevoke = (token: TokenRow) => void;

function State({ token }: { readonly token: TokenRow }) {
  const now = useNow();
  const state = now === null ? 'active' : tokenState(token, now);
  if (state === 'revoked') return <Tag variant="outlined">Revoked</Tag>;
  if (state === 'expired') return <Tag variant="outlined">Expired</Tag>;
  return <span>Active</span>;
}

function Revoke({ token, onRevoke }: { readonly token: TokenRow; readonly onRevoke: OnRevoke }) {
  const now = useNow();
  if (now !== null && tokenState(token, now) !== 'active') return <span className="hf-muted">None</span>;
  return (
    <Button
      danger
      size="small"
      data-testid="revoke-token"
      aria-label={`Revoke ${token.name}`}
      onClick={() => {
        onRevoke(token);
      }}
    >
      Revoke
    </Button>
  );
}

const expiry = (token: TokenRow) => (token.expiresAt === null ? 'Never' : <Instant at={token.expiresAt} />);
const lastUse = (token: TokenRow) =>
  token.lastUsedAt === null ? 'Never' : <Instant at={token.lastUsedAt} />;

export function TokenList({
  tokens,
  onRevoke,
}: {
  readonly tokens: readonly TokenRow[] | undefined;
  readonly onRevoke: OnRevoke;
}) {
  return (
    <DataList<TokenRow>
      label="API tokens"
      rows={tokens}
      rowKey={(token) => token.id}
      onRow={(token) => ({ 'data-testid': 'token-row', 'data-id': token.id }) as object}
      columns={[
        {
          key: 'name',
          title: 'Name',
          render: (_, token) => (
            <>
              <strong className="hf-wrap">{token.name}</strong>
              <br />
              <code className="hf-muted">{token.hint}</code>
            </>
          ),
        },
        { key: 'role', title: 'Role', render: (_, token) => roleWord[token.role] },
        { key: 'state', title: 'State', render: (_, token) => <State token={token} /> },
        { key: 'expires', title: 'Expires', render: (_, token) => expiry(token) },
        { key: 'used', title: 'Last used', render: (_, token) => lastUse(token) },
        {
          key: 'created',
          title: 'Created',
          render: (_, token) => (
            <>
              <Instant at={token.createdAt} />
              <br />
              <span className="hf-muted hf-wrap">{token.createdBy}</span>
            </>
          ),
        },
        {
          key: 'actions',
          title: 'Actions',
          render: (_, token) => <Revoke token={token} onRevoke={onRevoke} />,
        },
      ]}
      card={(token) => (
        <article className="hf-card" data-testid="token-row" data-id={token.id}>
          <div className="hf-card-head">
            <div>
              <strong>{token.name}</strong>
              <br />
              <code className="hf-muted">{token.hint}</code>
            </div>
            <Revoke token={token} onRevoke={onRevoke} />
          </div>
          <CardFacts
            facts={[
              ['Role', roleWord[token.role]],
              ['State', <State key="state" token={token} />],
              ['Expires', expiry(token)],
              ['Last used', lastUse(token)],
            ]}
          />
        </article>
      )}
    />
  );
}
