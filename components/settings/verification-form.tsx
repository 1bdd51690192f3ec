'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Form } from 'antd';
import { saveSettingsAction } from '#app/actions/settings.ts';
import type { Settings } from '#lib/contracts/settings.ts';
import type { VerificationPolicy } from '#lib/contracts/verification.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { FormEnd } from './form-end.tsx';
import { PolicyFields, trimmedPolicy } from './policy-fields.tsx';

export function VerificationForm({ settings }: { readonly settings: Settings }) {
  const [form] = Form.useForm<VerificationPolicy>();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (input: Settings) => unwrapAction(saveSettingsAction(input)),
    onSuccess: async (answer) => {
      client.setQueryData(queryKeys.settings, answer);
      await client.invalidateQueries({ queryKey: queryKeys.overview });
    },
  });
  return (
    <Form<VerificationPolicy>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={settings.verification}
      className="hf-form-wide"
      onValuesChange={() => {
        save.reset();
      }}
      onFinish={() => {
        // Fields that are not shown keep their value.
        const policy = form.getFieldsValue(true) as VerificationPolicy;
        save.mutate({
          ...settings,
          verification: trimmedPolicy(policy),
        });
      }}
    >
      <PolicyFields at={[]} kind="postgres" initial={settings.verification} />
      <FormEnd save={save} failedTitle="The policy was not saved" />
    </Form>
  );
}
