'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Form } from 'antd';
import { useState } from 'react';
import { testAddressAction, testSourceAction } from '#app/actions/source.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { PLACE_FIELDS, probeRequest, type SourceFields } from '#lib/client/source-form.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { ProbeResult } from './probe-result.tsx';

const label: Record<SourceKind, string> = {
  postgres: 'Test connection',
  files: 'Test the path',
  sqlite: 'Test the path',
  redis: 'Test connection',
};

/** Lets a worker try what stands in the form, and shows what it found. `sourceId`: null while it is not saved. */
export function ConnectionTest({
  kind,
  sourceId,
}: {
  readonly kind: SourceKind;
  readonly sourceId: string | null;
}) {
  const form = Form.useFormInstance<SourceFields>();
  const client = useQueryClient();
  const place =
    (Form.useWatch(
      (fields: SourceFields) =>
        JSON.stringify(
          ([...PLACE_FIELDS[kind], 'password', 'dropsPassword'] as const).map((name) => fields[name]),
        ),
      form,
    ) as string | undefined) ?? '';
  const [tested, setTested] = useState('');
  const test = useMutation({
    mutationFn: async () => {
      const fields = form.getFieldsValue(true) as SourceFields;
      const isAsSaved =
        sourceId !== null && !form.isFieldsTouched([...PLACE_FIELDS[kind], 'password', 'dropsPassword']);
      return isAsSaved
        ? unwrapAction(testSourceAction(sourceId))
        : unwrapAction(testAddressAction(probeRequest(fields, sourceId)));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: queryKeys.sources.list }),
  });
  // What was found at another place says nothing of this one.
  const isOfThis = tested === place;
  return (
    <div className="hf-stack">
      <div>
        <Button
          data-testid="test-connection"
          loading={test.isPending}
          onClick={() => {
            void form.validateFields([...PLACE_FIELDS[kind]]).then(
              () => {
                setTested(place);
                test.mutate();
              },
              () => undefined,
            );
          }}
        >
          {label[kind]}
        </Button>
      </div>
      {isOfThis && test.isError && <ProblemAlert error={test.error} title="It was not tested" />}
      {isOfThis && test.isSuccess && <ProbeResult kind={kind} answer={test.data} />}
    </div>
  );
}

/** The same for the source of the environment, whose address no form holds. */
export function SavedConnectionTest({ sourceId }: { readonly sourceId: string }) {
  const client = useQueryClient();
  const test = useMutation({
    mutationFn: () => unwrapAction(testSourceAction(sourceId)),
    onSuccess: () => client.invalidateQueries({ queryKey: queryKeys.sources.all }),
  });
  return (
    <div className="hf-stack">
      <div>
        <Button
          data-testid="test-connection"
          loading={test.isPending}
          onClick={() => {
            test.mutate();
          }}
        >
          Test connection
        </Button>
      </div>
      {test.isError && <ProblemAlert error={test.error} title="The connection was not tested" />}
      {test.isSuccess && <ProbeResult kind="postgres" answer={test.data} />}
    </div>
  );
}
