'use client';
import { Input } from 'antd';
import { useManifest } from '#lib/client/use-manifest.ts';
import { useCheckSearch } from '#components/verification/use-check-search.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { TableFacts } from './table-facts.tsx';

/** The tables a backup holds, from its manifest. */
export function TablesTab({ id, sourceId }: { readonly id: string; readonly sourceId: string }) {
  const manifest = useManifest(id);
  const { data } = manifest;
  const [{ find }, search] = useCheckSearch();
  if (data === undefined) return <LoadState query={manifest} title="The tables could not be loaded" />;
  const { tables } = data.manifest.facts;
  const wanted = find.trim().toLowerCase();
  const shown = tables.filter(({ schema, name }) => `${schema}.${name}`.toLowerCase().includes(wanted));
  const known = tables.filter(({ rows }) => rows !== null).length;
  if (tables.length === 0) {
    return (
      <EmptyState title="No tables">The database held no table of its own when this was taken.</EmptyState>
    );
  }
  return (
    <div className="hf-stack">
      <p className="hf-muted">
        {tables.length === 1 ? '1 table' : `${String(tables.length)} tables`}, counted in the instant the
        backup was taken
        {known < tables.length && `; the rows of ${String(tables.length - known)} are not known`}. A
        fingerprint is the same for the same rows, whatever their order.
      </p>
      <Input
        allowClear
        className="hf-find"
        aria-label="Find a table"
        placeholder="Find a table"
        data-testid="find-table"
        value={find}
        onChange={(event) => {
          search({ find: event.target.value });
        }}
      />
      {shown.length === 0 ? (
        <EmptyState title="No table matches">Search for a part of its name or schema.</EmptyState>
      ) : (
        <TableFacts tables={shown} sourceId={sourceId} />
      )}
    </div>
  );
}
