'use client';
import { useMutation } from '@tanstack/react-query';
import { Button, Form, Input } from 'antd';
import { signOut } from 'next-auth/react';
import { changePasswordAction } from '#app/actions/account.ts';
import type { ChangePasswordRequest } from '#lib/contracts/user.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { newPasswordRules } from '#components/ui/new-password-rules.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

interface Fields extends ChangePasswordRequest {
  readonly again: string;
}

/** Changing the password signs this person out everywhere, here too. */
export function PasswordForm({ email }: { readonly email: string }) {
  const [form] = Form.useForm<Fields>();
  const change = useMutation({
    mutationFn: (input: ChangePasswordRequest) => unwrapAction(changePasswordAction(input)),
    onSuccess: () => signOut({ callbackUrl: '/login?notice=password-changed' }),
  });
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      className="hf-form"
      onFinish={({ currentPassword, newPassword }) => {
        change.mutate({ currentPassword, newPassword });
      }}
    >
      {/* Tells a password manager whose password this is. */}
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <Form.Item<Fields>
        name="currentPassword"
        label="Current password"
        rules={[{ required: true, message: 'Type your current password.' }]}
      >
        <Input.Password autoComplete="current-password" maxLength={256} />
      </Form.Item>
      <Form.Item<Fields>
        name="newPassword"
        label="New password"
        extra="At least 12 characters. A few unrelated words are easy to remember and hard to guess."
        rules={newPasswordRules}
      >
        <Input.Password autoComplete="new-password" maxLength={256} />
      </Form.Item>
      <Form.Item<Fields>
        name="again"
        label="New password again"
        dependencies={['newPassword']}
        rules={[
          { required: true, message: 'Type the new password again.' },
          ({ getFieldValue }) => ({
            validator: (_, value: unknown) =>
              value === undefined || value === '' || value === getFieldValue('newPassword')
                ? Promise.resolve()
                : Promise.reject(new Error('The two do not match.')),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" maxLength={256} />
      </Form.Item>
      <div className="hf-stack">
        {change.isError && <ProblemAlert error={change.error} title="The password was not changed" />}
        <p className="hf-muted">You will be signed out everywhere and asked for the new password.</p>
        <div>
          <Button type="primary" htmlType="submit" loading={change.isPending || change.isSuccess}>
            Change password
          </Button>
        </div>
      </div>
    </Form>
  );
}
