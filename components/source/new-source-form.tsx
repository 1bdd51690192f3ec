'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Form } from 'antd';
import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { createSourceAction } from '#app/actions/source.ts';
import type { Source } from '#lib/contracts/source.ts';
import {
  createRequest,
  createRequests,
  newSourceFields,
  suggestedPrefix,
  type DatabaseCreate,
  type InstalledChoices,
  type SourceFields,
} from '#lib/client/source-form.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { trimmedPolicy } from '#components/settings/policy-fields.tsx';
import { ConnectionFields } from './connection-fields.tsx';
import { ConnectionTest } from './connection-test.tsx';
import { FindDatabases } from './find-databases.tsx';
import { OwnPolicyFields, RetentionFields } from './keeping-fields.tsx';
import { EnvironmentField, NamingFields } from './naming-fields.tsx';
import { ReadingRole } from './reading-role.tsx';
import { ScheduleFields } from './schedule-fields.tsx';

/** Connection, test, name and choices; one source, or one for each database that was chosen. */
export function NewSourceForm({
  installed,
  sources,
}: {
  readonly installed: InstalledChoices;
  readonly sources: readonly Source[];
}) {
  const [form] = Form.useForm<SourceFields>();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [added, setAdded] = useState<readonly string[]>([]);
  const client = useQueryClient();
  const router = useRouter();
  const user = (Form.useWatch('user', form) as string | undefined) ?? '';
  const database = (Form.useWatch('database', form) as string | undefined) ?? '';
  const isMany = chosen.length > 1;
  const add = useMutation({
    mutationFn: async (requests: readonly DatabaseCreate[]) => {
      const made: Source[] = [];
      for (const request of requests) {
        made.push(await unwrapAction(createSourceAction(request)));
        setAdded((before) => [...before, request.database]);
      }
      return made;
    },
    onSettled: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: queryKeys.sources.all }),
        client.invalidateQueries({ queryKey: queryKeys.overview }),
      ]);
    },
    onSuccess: (made) => {
      const [only] = made;
      router.push(made.length === 1 && only !== undefined ? `/sources/${only.id}` : '/sources');
    },
  });
  const suggested = useRef({ name: '', filePrefix: '' });
  /** Follows the database until somebody types something else. */
  const suggest = (database: string) => {
    const next = { name: database, filePrefix: suggestedPrefix(database) };
    for (const field of ['name', 'filePrefix'] as const) {
      const now = form.getFieldValue(field) as string;
      if (now === '' || now === suggested.current[field]) form.setFieldValue(field, next[field]);
    }
    suggested.current = next;
  };
  return (
    <Form<SourceFields>
      form={form}
      layout="vertical"
      requiredMark={false}
      scrollToFirstError
      initialValues={newSourceFields(installed)}
      className="hf-form-wide hf-stack"
      onValuesChange={(changed: Partial<SourceFields>) => {
        add.reset();
        if (changed.database !== undefined && changed.database !== '') suggest(changed.database.trim());
      }}
      onFinish={() => {
        // Fields that are not shown keep their value.
        const all = form.getFieldsValue(true) as SourceFields;
        const fields = { ...all, verification: trimmedPolicy(all.verification) };
        add.mutate(
          isMany
            ? createRequests(
                fields,
                chosen.filter((name) => !added.includes(name)),
                sources,
              )
            : [createRequest(fields)],
        );
      }}
    >
      <Section name="connection" title="Connection">
        <ReadingRole user={user} database={database} />
        <ConnectionFields hasPassword={false} />
        <div className="hf-stack">
          <ConnectionTest sourceId={null} />
          <FindDatabases
            sources={sources}
            chosen={chosen}
            onChoose={(databases) => {
              setChosen(databases);
              const [first] = databases;
              if (first === undefined) return;
              form.setFieldValue('database', first);
              suggest(first);
            }}
          />
        </div>
      </Section>
      <Section name="naming" title="Name">
        {isMany ? (
          <Alert
            type="info"
            showIcon
            title={`${String(chosen.length)} sources are added, each named after its database`}
            description={`${chosen.join(', ')}. What is chosen below holds for all of them and can be changed for each later.`}
          />
        ) : (
          <NamingFields />
        )}
        <EnvironmentField />
      </Section>
      <Section name="choices" title="Schedule, retention and proof">
        <ScheduleFields installed={installed.schedule} />
        <RetentionFields installed={installed.retention} />
        <OwnPolicyFields installed={installed.verification} />
      </Section>
      <div className="hf-stack hf-form-end">
        {add.isError && (
          <ProblemAlert
            error={add.error}
            title={
              added.length === 0
                ? 'The source was not added'
                : `Added: ${added.join(', ')}. The next one was not`
            }
          />
        )}
        <div>
          <Button type="primary" htmlType="submit" loading={add.isPending} data-testid="save-source">
            {isMany ? `Add ${String(chosen.length)} sources` : 'Add source'}
          </Button>
        </div>
      </div>
    </Form>
  );
}
