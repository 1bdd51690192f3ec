'use client';
import { Form, InputNumber, Radio } from 'antd';
import type { SourceKind } from '#lib/core/source-kind.ts';
import type { InstalledChoices, SourceFields } from '#lib/client/source-form.ts';
import { PolicyFields } from '#components/settings/policy-fields.tsx';

const tiers = [
  { name: 'daily', label: 'Daily backups', min: 1, max: 3650 },
  { name: 'weekly', label: 'Weekly backups', min: 0, max: 520 },
  { name: 'monthly', label: 'Monthly backups', min: 0, max: 240 },
] as const;

/** How many are kept, as installed or by numbers of its own. */
export function RetentionFields({ installed }: { readonly installed: InstalledChoices['retention'] }) {
  const form = Form.useFormInstance<SourceFields>();
  const isOwn = Form.useWatch('hasOwnRetention', form) as boolean | undefined;
  return (
    <>
      <Form.Item<SourceFields> name="hasOwnRetention" label="How many are kept">
        <Radio.Group className="hf-radio-lines">
          <Radio value={false}>
            As installed
            <span className="hf-help hf-choice-help">
              {installed.daily} daily, {installed.weekly} weekly, {installed.monthly} monthly
            </span>
          </Radio>
          <Radio value>Numbers of its own</Radio>
        </Radio.Group>
      </Form.Item>
      {isOwn === true && (
        <div className="hf-fields">
          {tiers.map(({ name, label, min, max }) => (
            <Form.Item
              key={name}
              name={['retention', name]}
              label={label}
              rules={[{ required: true, message: 'Give a number.' }]}
            >
              <InputNumber min={min} max={max} precision={0} />
            </Form.Item>
          ))}
        </div>
      )}
    </>
  );
}

/** When and how strictly its backups are proven, as in the settings or by a policy of its own. */
export function OwnPolicyFields({
  kind,
  installed,
}: {
  readonly kind: SourceKind;
  readonly installed: InstalledChoices['verification'];
}) {
  const form = Form.useFormInstance<SourceFields>();
  const isOwn = Form.useWatch('hasOwnPolicy', form) as boolean | undefined;
  return (
    <>
      <Form.Item<SourceFields> name="hasOwnPolicy" label="How its backups are proven">
        <Radio.Group className="hf-radio-lines">
          <Radio value={false}>
            As in the settings
            <span className="hf-help hf-choice-help">Settings, Verification</span>
          </Radio>
          <Radio value>
            By a policy of its own
            {kind === 'postgres' && (
              <span className="hf-help hf-choice-help">
                SQL checks of your own belong to one database: give them here.
              </span>
            )}
          </Radio>
        </Radio.Group>
      </Form.Item>
      {isOwn === true && <PolicyFields at={['verification']} kind={kind} initial={installed} />}
    </>
  );
}
