'use client';
import { Checkbox, Form, Input, InputNumber, Select } from 'antd';
import { SSL_MODES } from '#lib/contracts/source.ts';
import type { SourceFields } from '#lib/client/source-form.ts';

const needed = (what: string) => [{ required: true, whitespace: true, message: `Give ${what}.` }];

/** Where the server is and as whom Holdfast signs in. The password is never shown. */
export function ConnectionFields({ hasPassword }: { readonly hasPassword: boolean }) {
  const form = Form.useFormInstance<SourceFields>();
  const dropsPassword = Form.useWatch('dropsPassword', form) as boolean | undefined;
  return (
    <>
      <div className="hf-fields">
        <Form.Item<SourceFields>
          name="host"
          label="Host"
          extra="As the worker reaches it; a folder for a Unix socket."
          rules={needed('a host')}
        >
          <Input maxLength={255} autoComplete="off" spellCheck={false} placeholder="db.example.internal" />
        </Form.Item>
        <Form.Item<SourceFields>
          name="port"
          label="Port"
          rules={[{ required: true, message: 'Give a port.' }]}
        >
          <InputNumber min={1} max={65_535} precision={0} />
        </Form.Item>
        <Form.Item<SourceFields> name="user" label="User" rules={needed('a user')}>
          <Input maxLength={63} autoComplete="off" spellCheck={false} placeholder="holdfast_reader" />
        </Form.Item>
        <Form.Item<SourceFields>
          name="password"
          label="Password"
          extra={
            hasPassword
              ? 'Leave it empty to keep the one that is kept. Another host, port, user or encryption needs it typed again.'
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
        <Form.Item<SourceFields> name="database" label="Database" rules={needed('a database')}>
          <Input maxLength={63} autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Form.Item<SourceFields> name="sslMode" label="Encryption (sslmode)">
          <Select
            options={[
              { value: '', label: 'Default (prefer)' },
              ...SSL_MODES.map((mode) => ({ value: mode, label: mode })),
            ]}
          />
        </Form.Item>
      </div>
      {hasPassword && (
        <Form.Item<SourceFields> name="dropsPassword" valuePropName="checked">
          <Checkbox>Sign in without a password, and forget the kept one</Checkbox>
        </Form.Item>
      )}
    </>
  );
}
