'use client';
import { Button, Dropdown, Tag } from 'antd';
import type { UserRow } from '#lib/contracts/user.ts';
import { roleWord } from '#lib/client/role-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { Instant } from '#components/ui/instant.tsx';
import type { UserChange } from './change-user-modal.tsx';

type OnChange = (user: UserRow, change: UserChange) => void;

function State({ user }: { readonly user: UserRow }) {
  return user.isDisabled ? <Tag variant="outlined">Disabled</Tag> : <span>Active</span>;
}

const lastSignIn = (user: UserRow) =>
  user.lastSignInAt === null ? 'Never' : <Instant at={user.lastSignInAt} />;

function Actions({
  user,
  ownId,
  onChange,
}: {
  readonly user: UserRow;
  readonly ownId: string;
  readonly onChange: OnChange;
}) {
  if (user.id === ownId) return <span className="hf-muted">You</span>;
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'role', label: user.role === 'admin' ? 'Make viewer' : 'Make administrator' },
          { key: 'password', label: 'Set a new password' },
          { type: 'divider' },
          user.isDisabled
            ? { key: 'enable', label: 'Enable' }
            : { key: 'disable', label: 'Disable', danger: true },
        ],
        onClick: ({ key }) => {
          onChange(user, key as UserChange);
        },
      }}
    >
      <Button size="small" data-testid="change-user" aria-label={`Change ${user.email}`}>
        Change
      </Button>
    </Dropdown>
  );
}

export function UserList({
  users,
  ownId,
  onChange,
}: {
  readonly users: readonly UserRow[] | undefined;
  readonly ownId: string;
  readonly onChange: OnChange;
}) {
  return (
    <DataList<UserRow>
      label="Users"
      rows={users}
      rowKey={(user) => user.id}
      onRow={(user) => ({ 'data-testid': 'user-row', 'data-id': user.id }) as object}
      columns={[
        {
          key: 'email',
          title: 'Email',
          render: (_, user) => <strong className="hf-wrap">{user.email}</strong>,
        },
        { key: 'role', title: 'Role', render: (_, user) => roleWord[user.role] },
        { key: 'state', title: 'State', render: (_, user) => <State user={user} /> },
        { key: 'lastSignIn', title: 'Last sign-in', render: (_, user) => lastSignIn(user) },
        { key: 'created', title: 'Added', render: (_, user) => <Instant at={user.createdAt} /> },
        {
          key: 'actions',
          title: 'Actions',
          render: (_, user) => <Actions user={user} ownId={ownId} onChange={onChange} />,
        },
      ]}
      card={(user) => (
        <article className="hf-card" data-testid="user-row" data-id={user.id}>
          <div className="hf-card-head">
            <strong>{user.email}</strong>
            <Actions user={user} ownId={ownId} onChange={onChange} />
          </div>
          <CardFacts
            facts={[
              ['Role', roleWord[user.role]],
              ['State', <State key="state" user={user} />],
              ['Last sign-in', lastSignIn(user)],
            ]}
          />
        </article>
      )}
    />
  );
}
