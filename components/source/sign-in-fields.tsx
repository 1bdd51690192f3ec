'use client';
import { Checkbox, Form, Input, InputNumber } from 'antd';
import type { SourceFields } from '#lib/client/source-form.ts';

export const needed = (what: string) => [{ required: true, whitespace: true, message: `Give ${what}.` }];

export function HostField({ extra, placeholder }: { readonly extra: string; readonly placeholder: string }) {
  return (
    <Form.Item<SourceFields> name="host" label="Host" extra={extra} rules={needed('a host')}>
      <Input maxLength={255} autoComplete="off" spellCheck={false} placeholder={placeholder} />
    </Form.Item>
  );
}

export function PortField() {
  return (
    <Form.Item<SourceFields> name="port" label="Port" rules={[{ required: true, message: 'Give a port.' }]}>
      <InputNumber min={1} max={65_535} precision={0} />
    </Form.Item>
  );
}

/** Never shown again once it is kept. */
export function PasswordField({
  hasPassword,
  address,
}: {
  readonly hasPassword: boolean;
  /** What cannot change while the kept one stays: "host, port or user". */
  readonly address: string;
}) {
  const form = Form.useFormInstance<SourceFields>();
  const dropsPassword = Form.useWatch('dropsPassword', form) as boolean | undefined;
  return (
    <Form.Item<SourceFields>
      name="password"
      label="Password"
      extra={
        hasPassword
          ? `Leave it empty to keep the one that is kept. Another ${address} needs it typed again.`
          : 'Leave it empty where the server asks for none. It is kept sealed and never shown again.'
      }
    >
      <Input.Password
        maxLength={1000}
        autoComplete="new-password"
        disabled={dropsPassword === true}
        placeholder={hasPassword ? 'Kept as it is' : ''}
      />
    </Form.Item>
  );
}

export function DropPasswordField() {
  return (
    <Form.Item<SourceFields> name="dropsPassword" valuePropName="checked">
      <Checkbox>Sign in without a password, and forget the kept one</Checkbox>
    </Form.Item>
  );
}
