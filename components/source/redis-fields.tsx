'use client';
import { Form, Input } from 'antd';
import type { SourceFields } from '#lib/client/source-form.ts';
import { DropPasswordField, HostField, PasswordField, PortField } from './sign-in-fields.tsx';

/** Where the Redis server is and as whom Holdfast signs in. */
export function RedisFields({ hasPassword }: { readonly hasPassword: boolean }) {
  return (
    <>
      <div className="hf-fields">
        <HostField extra="As the worker reaches it, without TLS." placeholder="redis.example.internal" />
        <PortField />
        <Form.Item<SourceFields>
          name="user"
          label={
            <>
              User <span className="hf-muted">&nbsp;(optional)</span>
            </>
          }
          extra="Empty for the default user. Another one needs +ping +info +sync +psync +replconf."
        >
          <Input maxLength={100} autoComplete="off" spellCheck={false} />
        </Form.Item>
        <PasswordField hasPassword={hasPassword} address="host, port or user" />
      </div>
      {hasPassword && <DropPasswordField />}
    </>
  );
}
