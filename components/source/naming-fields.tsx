'use client';
import { Form, Input, Radio } from 'antd';
import { ENVIRONMENTS } from '#lib/contracts/restore.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { environmentWord } from '#lib/client/restore-words.ts';
import type { SourceFields } from '#lib/client/source-form.ts';

const examples: Record<SourceKind, string> = {
  postgres: 'shop',
  files: 'uploads',
  sqlite: 'app',
  redis: 'redis',
};

/** What people call it and what its archives are called; not asked where several databases are added at once. */
export function NamingFields({ kind }: { readonly kind: SourceKind }) {
  return (
    <div className="hf-fields">
      <Form.Item<SourceFields>
        name="name"
        label="Name"
        extra="What people call it, here and in what is wrong."
        rules={[{ required: true, whitespace: true, message: 'Give a name.' }]}
      >
        <Input maxLength={100} autoComplete="off" placeholder={examples[kind]} />
      </Form.Item>
      <Form.Item<SourceFields>
        name="filePrefix"
        label="Prefix of its archives"
        extra="File names start with it; no two sources may have the same."
        rules={[
          { required: true, message: 'Give a prefix.' },
          {
            pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
            message: 'Letters, digits, "_", "." and "-", starting with a letter or digit.',
          },
        ]}
      >
        <Input
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          placeholder={`${examples[kind]}_backup`}
        />
      </Form.Item>
    </div>
  );
}

/** How careful a restore onto it must be. */
export function EnvironmentField() {
  return (
    <Form.Item<SourceFields>
      name="environment"
      label="Environment"
      extra="Restoring onto production asks for the typed name and a reason."
    >
      <Radio.Group options={ENVIRONMENTS.map((value) => ({ value, label: environmentWord[value] }))} />
    </Form.Item>
  );
}
