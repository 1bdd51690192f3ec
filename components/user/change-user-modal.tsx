'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Form, Input } from 'antd';
import { updateUserAction } from '#app/actions/user.ts';
import type { UpdateUserRequest, UserRow } from '#lib/contracts/user.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { newPasswordRules } from '#components/ui/new-password-rules.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

export type UserChange = 'role' | 'password' | 'enable' | 'disable';

const words = (user: UserRow): Record<UserChange, { title: string; text: string; ok: string }> => ({
  role: {
    title: user.role === 'admin' ? 'Make this user a viewer?' : 'Make this user an administrator?',
    text:
      user.role === 'admin'
        ? 'They will see the overview only, and are signed out everywhere.'
        : 'They may then take, download and delete backups and change users. They are signed out everywhere.',
    ok: user.role === 'admin' ? 'Make viewer' : 'Make administrator',
  },
  password: {
    title: 'Set a new password',
    text: 'They are signed out everywhere and need the new password from then on. Hand it over safely.',
    ok: 'Set password',
  },
  enable: {
    title: 'Enable this user?',
    text: 'They can sign in again with the password they had.',
    ok: 'Enable',
  },
  disable: {
    title: 'Disable this user?',
    text: 'They are signed out everywhere and cannot sign in until they are enabled again.',
    ok: 'Disable user',
  },
});

const inputFor = (user: UserRow, change: UserChange, password: string): UpdateUserRequest => {
  if (change === 'role') return { role: user.role === 'admin' ? 'viewer' : 'admin' };
  if (change === 'password') return { password };
  return { isDisabled: change === 'disable' };
};

/** Confirms one change of one user, says what it does to them, and keeps a refusal on screen. */
export function ChangeUserModal({
  user,
  change,
  onClose,
}: {
  readonly user: UserRow;
  readonly change: UserChange;
  readonly onClose: () => void;
}) {
  const [form] = Form.useForm<{ password?: string }>();
  const client = useQueryClient();
  const update = useMutation({
    mutationFn: (input: UpdateUserRequest) => unwrapAction(updateUserAction(user.id, input)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queryKeys.users });
      onClose();
    },
  });
  const { title, text, ok } = words(user)[change];
  return (
    <Dialog
      title={title}
      okText={ok}
      okButtonProps={{
        danger: change === 'disable',
        loading: update.isPending,
        'data-testid': 'confirm-change',
      }}
      onOk={() => {
        form.submit();
      }}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={({ password }) => {
          update.mutate(inputFor(user, change, password ?? ''));
        }}
      >
        <div className="hf-stack">
          <p>
            <strong className="hf-wrap">{user.email}</strong>
          </p>
          <p className="hf-muted">{text}</p>
          {change === 'password' && (
            <Form.Item name="password" label="New password" rules={newPasswordRules}>
              <Input.Password autoComplete="new-password" maxLength={256} />
            </Form.Item>
          )}
          {update.isError && <ProblemAlert error={update.error} title="Nothing was changed" />}
        </div>
      </Form>
    </Dialog>
  );
}
