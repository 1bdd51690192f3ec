'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Form } from 'antd';
import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { createSourceAction } from '#app/actions/source.ts';
import type { Source, SourceCreate } from '#lib/contracts/source.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import {
  createRequest,
  createRequests,
  newSourceFields,
  PLACE_FIELDS,
  suggestedName,
  suggestedPrefix,
  type InstalledChoices,
  type SourceFields,
} from '#lib/client/source-form.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { trimmedPolicy } from '#components/settings/policy-fields.tsx';
import { ConnectionTest } from './connection-test.tsx';
import { FindDatabases } from './find-databases.tsx';
import { OwnPolicyFields, RetentionFields } from './keeping-fields.tsx';
import { EnvironmentField, NamingFields } from './naming-fields.tsx';
import { PlaceFields, placeTitle } from './place-fields.tsx';
import { ReadingRole } from './reading-role.tsx';
import { ScheduleFields } from './schedule-fields.tsx';

/** Where it is, a test, name and choices; one source, or one for each database that was chosen. */
export function NewSourceForm({
  kind,
  installed,
  isEncrypted,
  sources,
}: {
  readonly kind: SourceKind;
  readonly installed: InstalledChoices;
  /** The installation encrypts its archives. */
  readonly isEncrypted: boolean;
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
    mutationFn: async (requests: readonly SourceCreate[]) => {
      const made: Source[] = [];
      for (const request of requests) {
        made.push(await unwrapAction(createSourceAction(request)));
        setAdded((before) => [...before, 'database' in request ? request.database : request.name]);
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
  /** Follows the place until somebody types something else. */
  const suggest = (fields: SourceFields) => {
    const name = suggestedName(fields);
    if (name === '') return;
    const next = { name, filePrefix: suggestedPrefix(name) };
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
      initialValues={newSourceFields(installed, kind)}
      className="hf-form-wide hf-stack"
      onValuesChange={(changed: Partial<SourceFields>) => {
        add.reset();
        if (PLACE_FIELDS[kind].some((field) => field in changed))
          suggest(form.getFieldsValue(true) as SourceFields);
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
      <Section name="connection" title={placeTitle[kind]}>
        {kind === 'postgres' && <ReadingRole user={user} database={database} />}
        <PlaceFields kind={kind} hasPassword={false} isEncrypted={isEncrypted} />
        <div className="hf-stack">
          <ConnectionTest kind={kind} sourceId={null} />
          {kind === 'postgres' && (
            <FindDatabases
              sources={sources}
              chosen={chosen}
              onChoose={(databases) => {
                setChosen(databases);
                const [first] = databases;
                if (first === undefined) return;
                form.setFieldValue('database', first);
                suggest(form.getFieldsValue(true) as SourceFields);
              }}
            />
          )}
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
          <NamingFields kind={kind} />
        )}
        <EnvironmentField />
      </Section>
      <Section name="choices" title="Schedule, retention and proof">
        <ScheduleFields installed={installed.schedule} />
        <RetentionFields installed={installed.retention} />
        <OwnPolicyFields kind={kind} installed={installed.verification} />
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
