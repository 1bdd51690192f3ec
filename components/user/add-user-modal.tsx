'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Form, Input, Select } from 'antd';
import { createUserAction } from '#app/actions/user.ts';
import type { CreateUserRequest } from '#lib/contracts/user.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { roleOptions } from '#lib/client/role-words.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { newPasswordRules } from '#components/ui/new-password-rules.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

export function AddUserModal({ onClose }: { readonly onClose: () => void }) {
  const [form] = Form.useForm<CreateUserRequest>();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: (input: CreateUserRequest) => unwrapAction(createUserAction(input)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queryKeys.users });
      onClose();
    },
  });
  return (
    <Dialog
      title="Add a user"
      okText="Add user"
      okButtonProps={{ loading: create.isPending, 'data-testid': 'save-user' }}
      onOk={() => {
        form.submit();
      }}
      onCancel={onClose}
    >
      <Form<CreateUserRequest>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ role: 'viewer' }}
        onFinish={(input) => {
          create.mutate({ ...input, email: input.email.trim() });
        }}
      >
        <Form.Item<CreateUserRequest>
          name="email"
          label="Email"
          rules={[{ required: true, type: 'email', message: 'Type an email address.', transform: trim }]}
        >
          <Input type="email" autoComplete="off" maxLength={254} />
        </Form.Item>
        <Form.Item<CreateUserRequest> name="role" label="Role">
          <Select options={[...roleOptions]} />
        </Form.Item>
        <Form.Item<CreateUserRequest>
          name="password"
          label="First password"
          extra="At least 12 characters. Hand it over safely; they can change it on their account page."
          rules={newPasswordRules}
        >
          <Input.Password autoComplete="new-password" maxLength={256} />
        </Form.Item>
        {create.isError && <ProblemAlert error={create.error} title="The user was not added" />}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </Form>
    </Dialog>
  );
}

const trim = (value: unknown): unknown => (typeof value === 'string' ? value.trim() : value);
