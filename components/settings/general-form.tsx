'use client';
import { PlusOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Form, InputNumber } from 'antd';
import { saveSettingsAction } from '#app/actions/settings.ts';
import type { Settings } from '#lib/contracts/settings.ts';
import { runbookSettings } from '#lib/client/runbook-settings.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { ContactFields } from './contact-fields.tsx';
import { FormEnd } from './form-end.tsx';
import { RunbookFields } from './runbook-fields.tsx';

const MAX_CONTACTS = 20;
const trimmed = (text: string | undefined): string => (text ?? '').trim();

export function GeneralForm({ settings }: { readonly settings: Settings }) {
  const [form] = Form.useForm<Settings>();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (input: Settings) => unwrapAction(saveSettingsAction(input)),
    onSuccess: async (answer) => {
      client.setQueryData(queryKeys.settings, answer);
      await client.invalidateQueries({ queryKey: queryKeys.overview });
      await client.invalidateQueries({ queryKey: queryKeys.runbook });
    },
  });
  return (
    <Form<Settings>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={settings}
      className="hf-form-wide"
      onValuesChange={() => {
        save.reset();
      }}
      onFinish={(values) => {
        save.mutate({
          // What other pages change goes back as it was.
          ...settings,
          ...values,
          runbook: runbookSettings(values.runbook),
          emergencyContacts: (
            values.emergencyContacts as Partial<Settings['emergencyContacts'][number]>[]
          ).map((contact) => ({
            name: trimmed(contact.name),
            role: trimmed(contact.role),
            phone: trimmed(contact.phone),
            email: trimmed(contact.email),
          })),
        });
      }}
    >
      <div className="hf-fields">
        <Form.Item<Settings>
          name="rpoHours"
          label="Recovery point objective (RPO)"
          extra="How old the newest restore point may be."
          rules={[{ required: true, message: 'Give a number of hours.' }]}
        >
          <InputNumber min={1} max={8760} precision={0} suffix="hours" />
        </Form.Item>
        <Form.Item<Settings>
          name="rtoMinutes"
          label="Recovery time objective (RTO)"
          extra="How long it may take until the service is back."
          rules={[{ required: true, message: 'Give a number of minutes.' }]}
        >
          <InputNumber min={1} max={100_000} precision={0} suffix="minutes" />
        </Form.Item>
      </div>
      <h3 className="hf-form-heading">Emergency contacts</h3>
      <p className="hf-muted">Shown beside the restore instructions, for whoever has to act at night.</p>
      <Form.List name="emergencyContacts">
        {(fields, { add, remove }) => (
          <div className="hf-stack hf-contacts-form">
            {fields.map(({ key, name }, index) => (
              <ContactFields
                key={key}
                index={name}
                position={index + 1}
                onRemove={() => {
                  remove(name);
                }}
              />
            ))}
            <div>
              <Button
                icon={<PlusOutlined aria-hidden />}
                disabled={fields.length >= MAX_CONTACTS}
                onClick={() => {
                  add({ name: '', role: '', phone: '', email: '' });
                }}
              >
                Add a contact
              </Button>
            </div>
          </div>
        )}
      </Form.List>
      <RunbookFields />
      <FormEnd save={save} failedTitle="The settings were not saved" />
    </Form>
  );
}
