'use client';
import { Form, Input } from 'antd';
import type { ReactNode } from 'react';
import type { SourceFields } from '#lib/client/source-form.ts';
import { pathFault } from '#lib/client/typed-paths.ts';

/** An absolute path on the worker's machine. */
export function PathField({
  label,
  placeholder,
  extra,
}: {
  readonly label: string;
  readonly placeholder: string;
  readonly extra: ReactNode;
}) {
  return (
    <Form.Item<SourceFields>
      name="path"
      label={label}
      extra={extra}
      validateTrigger="onBlur"
      rules={[
        {
          validator: (_, path: string) => {
            const fault = pathFault(path);
            return fault === null ? Promise.resolve() : Promise.reject(new Error(fault));
          },
        },
      ]}
    >
      <Input
        className="hf-code-input"
        maxLength={1000}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder={placeholder}
      />
    </Form.Item>
  );
}
