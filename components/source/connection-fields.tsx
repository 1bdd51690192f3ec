'use client';
import { Form, Input, Select } from 'antd';
import { SSL_MODES } from '#lib/contracts/source.ts';
import type { SourceFields } from '#lib/client/source-form.ts';
import { DropPasswordField, HostField, needed, PasswordField, PortField } from './sign-in-fields.tsx';

/** Where the PostgreSQL server is and as whom Holdfast signs in. The password is never shown. */
export function ConnectionFields({ hasPassword }: { readonly hasPassword: boolean }) {
  return (
    <>
      <div className="hf-fields">
        <HostField
          extra="As the worker reaches it; a folder for a Unix socket."
          placeholder="db.example.internal"
        />
        <PortField />
        <Form.Item<SourceFields> name="user" label="User" rules={needed('a user')}>
          <Input maxLength={63} autoComplete="off" spellCheck={false} placeholder="holdfast_reader" />
        </Form.Item>
        <PasswordField hasPassword={hasPassword} address="host, port, user or encryption" />
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
      {hasPassword && <DropPasswordField />}
    </>
  );
}
