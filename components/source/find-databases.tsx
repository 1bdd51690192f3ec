'use client';
import { useMutation } from '@tanstack/react-query';
import { Button, Checkbox, Form } from 'antd';
import { discoverDatabasesAction } from '#app/actions/source.ts';
import type { DiscoveredDatabases, Source } from '#lib/contracts/source.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { discoverRequest, type SourceFields } from '#lib/client/source-form.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

type Database = DiscoveredDatabases['databases'][number];

function Choice({
  database,
  protector,
  isChosen,
  onToggle,
}: {
  readonly database: Database;
  /** The name of the source that protects it already. */
  readonly protector: string | null;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
}) {
  const size = database.sizeBytes === null ? null : humanBytes(database.sizeBytes);
  return (
    <li>
      <Checkbox
        checked={isChosen}
        disabled={protector !== null}
        data-testid="found-database"
        data-name={database.name}
        onChange={onToggle}
      >
        <span className="hf-wrap">{database.name}</span>
        <span className="hf-help hf-choice-help">
          {[
            size,
            database.isCatalogue ? 'Holdfast’s own catalogue' : null,
            protector === null ? null : `already backed up as ${protector}`,
          ]
            .filter((part) => part !== null)
            .join(', ')}
        </span>
      </Checkbox>
    </li>
  );
}

/** Every database of the server that this user may connect to; any number may be chosen to be added at once. */
export function FindDatabases({
  sources,
  chosen,
  onChoose,
}: {
  readonly sources: readonly Source[];
  readonly chosen: readonly string[];
  readonly onChoose: (databases: readonly string[]) => void;
}) {
  const form = Form.useFormInstance<SourceFields>();
  const find = useMutation({
    mutationFn: () =>
      unwrapAction(discoverDatabasesAction(discoverRequest(form.getFieldsValue(true) as SourceFields))),
  });
  const nameOf = (id: string | null): string | null =>
    id === null ? null : (sources.find((source) => source.id === id)?.name ?? 'another source');
  return (
    <div className="hf-stack">
      <p className="hf-muted">
        Or let a worker list the databases of this server, and add several at once: each becomes a source of
        its own.
      </p>
      <div>
        <Button
          data-testid="find-databases"
          loading={find.isPending}
          onClick={() => {
            void form.validateFields(['host', 'port', 'user']).then(
              () => {
                find.mutate();
              },
              () => undefined,
            );
          }}
        >
          Find databases
        </Button>
      </div>
      {find.isError && <ProblemAlert error={find.error} title="The databases could not be listed" />}
      {find.data?.databases.length === 0 && (
        <EmptyState title="No databases">This user may connect to none on that server.</EmptyState>
      )}
      {find.data !== undefined && find.data.databases.length > 0 && (
        <ul className="hf-found" aria-label="Databases of this server">
          {find.data.databases.map((database) => (
            <Choice
              key={database.name}
              database={database}
              protector={nameOf(database.sourceId)}
              isChosen={chosen.includes(database.name)}
              onToggle={() => {
                onChoose(
                  chosen.includes(database.name)
                    ? chosen.filter((name) => name !== database.name)
                    : [...chosen, database.name],
                );
              }}
            />
          ))}
        </ul>
      )}
    </div>
  );
}
