'use client';
import { Button } from 'antd';
import { useState } from 'react';
import type { UserRow } from '#lib/contracts/user.ts';
import { useUsers } from '#lib/client/use-users.ts';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { AddUserModal } from './add-user-modal.tsx';
import { ChangeUserModal, type UserChange } from './change-user-modal.tsx';
import { UserList } from './user-list.tsx';

export function UsersPage({ ownId }: { readonly ownId: string }) {
  const { data, isError, error, isFetching, refetch } = useUsers();
  const [isAdding, setAdding] = useState(false);
  const [changing, setChanging] = useState<{ readonly user: UserRow; readonly change: UserChange } | null>(
    null,
  );
  return (
    <div className="hf-page">
      <PageHeader
        title="Users"
        lead="Administrators may do everything; viewers see the overview and the runbook."
        action={
          <Button
            type="primary"
            data-testid="add-user"
            onClick={() => {
              setAdding(true);
            }}
          >
            Add a user
          </Button>
        }
      />
      {isError && (
        <ProblemAlert
          error={error}
          title="The users could not be loaded"
          isRetrying={isFetching}
          onRetry={() => {
            void refetch();
          }}
        />
      )}
      {!(isError && data === undefined) && (
        <Section name="users" title="Who may sign in">
          <UserList
            users={data?.data}
            ownId={ownId}
            onChange={(user, change) => {
              setChanging({ user, change });
            }}
          />
        </Section>
      )}
      {isAdding && (
        <AddUserModal
          onClose={() => {
            setAdding(false);
          }}
        />
      )}
      {changing !== null && (
        <ChangeUserModal
          user={changing.user}
          change={changing.change}
          onClose={() => {
            setChanging(null);
          }}
        />
      )}
    </div>
  );
}
