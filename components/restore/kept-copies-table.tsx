'use client';
import { Button } from 'antd';
import Link from 'next/link';
import { useState } from 'react';
import type { KeptCopy } from '#lib/contracts/kept-copy.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { keptConnections, keptHolds, keptNeed, keptPlace } from '#lib/client/kept-copy-words.ts';
import { CardFacts } from '#components/ui/card-facts.tsx';
import { DataList } from '#components/ui/data-list.tsx';
import { InstantText, InstantTip } from '#components/ui/instant.tsx';
import { Paged } from '#components/ui/paged.tsx';
import { DropKeptDialog } from './drop-kept-dialog.tsx';

const PAGE = 50;
const keyOf = ({ restoreId, kind, name }: KeptCopy): string => `${restoreId} ${kind} ${name}`;
const sizeOf = ({ sizeBytes }: KeptCopy): string =>
  sizeBytes === null ? 'not known' : humanBytes(sizeBytes);

function Name({ row }: { readonly row: KeptCopy }) {
  return (
    <div>
      <code className="hf-wrap">{row.name}</code>
      <span className="hf-help">{keptPlace(row)}</span>
    </div>
  );
}

function Holds({ row }: { readonly row: KeptCopy }) {
  const lines = [keptNeed(row), keptConnections(row)].filter((line) => line !== null);
  return (
    <div>
      <span>{keptHolds(row)}</span>
      {lines.map((line) => (
        <span key={line} className="hf-help">
          {line}
        </span>
      ))}
    </div>
  );
}

function Origin({ row }: { readonly row: KeptCopy }) {
  return (
    <InstantTip at={row.restoredAt}>
      <Link href={`/restores/${row.restoreId}`} className="hf-link" data-testid="kept-restore">
        <InstantText at={row.restoredAt} />
      </Link>
    </InstantTip>
  );
}

/** What restores left, the oldest first; each is dropped by typing its name. */
export function KeptCopiesTable({ rows }: { readonly rows: readonly KeptCopy[] }) {
  const [dropping, setDropping] = useState<KeptCopy | null>(null);
  const drop = (row: KeptCopy) => (
    <Button
      size="small"
      className="hf-quiet-danger"
      disabled={row.isInUse}
      aria-label={`Drop… ${row.name}`}
      data-testid="drop-kept"
      onClick={() => {
        setDropping(row);
      }}
    >
      Drop…
    </Button>
  );
  return (
    <>
      <Paged rows={rows} size={PAGE} label="Pages of what restores left">
        {(shown) => (
          <DataList<KeptCopy>
            label="What restores left"
            rows={shown}
            rowKey={keyOf}
            onRow={({ name }) => ({ 'data-testid': 'kept-row', 'data-name': name }) as object}
            columns={[
              { key: 'name', title: 'Name', width: '34%', render: (_, row) => <Name row={row} /> },
              { key: 'holds', title: 'Holds', render: (_, row) => <Holds row={row} /> },
              { key: 'size', title: 'Size', className: 'hf-cell-number', render: (_, row) => sizeOf(row) },
              { key: 'restore', title: 'Restore', render: (_, row) => <Origin row={row} /> },
              { key: 'drop', title: 'Drop', render: (_, row) => drop(row) },
            ]}
            card={(row) => (
              <article className="hf-card" data-testid="kept-row" data-name={row.name}>
                <div className="hf-card-head">
                  <Name row={row} />
                </div>
                <Holds row={row} />
                <CardFacts
                  facts={[
                    ['Size', sizeOf(row)],
                    ['Restore', <Origin key="restore" row={row} />],
                  ]}
                />
                <div>{drop(row)}</div>
              </article>
            )}
          />
        )}
      </Paged>
      {dropping !== null && (
        <DropKeptDialog
          copy={dropping}
          onClose={() => {
            setDropping(null);
          }}
        />
      )}
    </>
  );
}
