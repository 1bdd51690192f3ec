'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Form, Input, Select } from 'antd';
import { createTokenAction } from '#app/actions/token.ts';
import type { CreateTokenRequest } from '#lib/contracts/token.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { roleOptions } from '#lib/client/role-words.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { Dialog } from '#components/ui/dialog.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { NewToken } from './new-token.tsx';

const NEVER = 0;
const lifetimes = [
  { value: 30, label: '30 days' },
  { value: 90, label: '90 days' },
  { value: 365, label: '1 year' },
  { value: NEVER, label: 'Never expires' },
];
interface Fields {
  readonly name: string;
  readonly role: CreateTokenRequest['role'];
  readonly days: number;
}

/** Asks for a name, a role and a lifetime; then shows the token, this once. */
export function CreateTokenModal({ onClose }: { readonly onClose: () => void }) {
  const [form] = Form.useForm<Fields>();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: (input: CreateTokenRequest) => unwrapAction(createTokenAction(input)),
    onSuccess: () => client.invalidateQueries({ queryKey: queryKeys.tokens }),
  });
  if (create.isSuccess) return <NewToken created={create.data} onClose={onClose} />;
  return (
    <Dialog
      title="Create a token"
      okText="Create token"
      okButtonProps={{ loading: create.isPending, 'data-testid': 'save-token' }}
      onOk={() => {
        form.submit();
      }}
      onCancel={onClose}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ role: 'viewer', days: 90 }}
        onFinish={({ name, role, days }) => {
          create.mutate({ name, role, expiresInDays: days === NEVER ? null : days });
        }}
      >
        <Form.Item<Fields>
          name="name"
          label="Name"
          extra="What will use it, so that you know later what stops working when it is revoked."
          rules={[{ required: true, whitespace: true, message: 'Give it a name.' }]}
        >
          <Input maxLength={100} autoComplete="off" placeholder="nightly-report" />
        </Form.Item>
        <Form.Item<Fields> name="role" label="Role">
          <Select options={[...roleOptions]} />
        </Form.Item>
        <Form.Item<Fields> name="days" label="Lifetime">
          <Select options={lifetimes} />
        </Form.Item>
        {create.isError && <ProblemAlert error={create.error} title="The token was not created" />}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </Form>
    </Dialog>
  );
}
