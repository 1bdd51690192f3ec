'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Form } from 'antd';
import { updateSourceAction } from '#app/actions/source.ts';
import type { Source, SourceUpdate } from '#lib/contracts/source.ts';
import {
  fieldsOf,
  updateRequest,
  type InstalledChoices,
  type SourceFields,
} from '#lib/client/source-form.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { trimmedPolicy } from '#components/settings/policy-fields.tsx';
import { ConnectionTest } from './connection-test.tsx';
import { OwnPolicyFields, RetentionFields } from './keeping-fields.tsx';
import { EnvironmentField, NamingFields } from './naming-fields.tsx';
import { PlaceFields, placeTitle } from './place-fields.tsx';
import { ReadingRole } from './reading-role.tsx';
import { ScheduleFields } from './schedule-fields.tsx';

export function EditSourceForm({
  source,
  installed,
  isEncrypted,
}: {
  readonly source: Source;
  readonly installed: InstalledChoices;
  /** The installation encrypts its archives. */
  readonly isEncrypted: boolean;
}) {
  const [form] = Form.useForm<SourceFields>();
  const { kind } = source;
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (input: SourceUpdate) => unwrapAction(updateSourceAction(source.id, input)),
    onSuccess: async (saved) => {
      client.setQueryData(queryKeys.sources.detail(source.id), saved);
      form.setFieldsValue({ password: '', dropsPassword: false });
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.sources.list }),
        client.invalidateQueries({ queryKey: queryKeys.overview }),
      ]);
    },
  });
  return (
    <Form<SourceFields>
      form={form}
      layout="vertical"
      requiredMark={false}
      scrollToFirstError
      initialValues={fieldsOf(source, installed)}
      className="hf-form-wide hf-stack"
      onValuesChange={() => {
        save.reset();
      }}
      onFinish={() => {
        // Fields that are not shown keep their value.
        const all = form.getFieldsValue(true) as SourceFields;
        save.mutate(updateRequest({ ...all, verification: trimmedPolicy(all.verification) }));
      }}
    >
      <Section name="connection" title={placeTitle[kind]}>
        {kind === 'postgres' && <ReadingRole user="" database={source.database} />}
        <PlaceFields
          kind={kind}
          hasPassword={'hasPassword' in source && source.hasPassword}
          isEncrypted={isEncrypted}
        />
        <ConnectionTest kind={kind} sourceId={source.id} />
      </Section>
      <Section name="naming" title="Name">
        <NamingFields kind={kind} />
        <EnvironmentField />
      </Section>
      <Section name="choices" title="Schedule, retention and proof">
        <ScheduleFields installed={installed.schedule} />
        <RetentionFields installed={installed.retention} />
        <OwnPolicyFields kind={kind} installed={installed.verification} />
      </Section>
      <div className="hf-stack hf-form-end">
        {save.isError && <ProblemAlert error={save.error} title="The source was not saved" />}
        {save.isSuccess && <Alert type="success" showIcon role="status" title="Saved" data-testid="saved" />}
        <div>
          <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="save-source">
            Save
          </Button>
        </div>
      </div>
    </Form>
  );
}
