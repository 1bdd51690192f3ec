'use client';
import { Skeleton, Table, type TableProps } from 'antd';
import type { ReactNode } from 'react';
import { useIsNarrow } from './media-query.ts';

/** A table that turns each row into a card where the screen is narrow, so that nothing scrolls sideways. */
export function DataList<Row extends object>({
  rows,
  rowKey,
  label,
  card,
  ...table
}: Omit<TableProps<Row>, 'dataSource' | 'rowKey' | 'loading' | 'pagination'> & {
  /** Undefined while nothing has been loaded. */
  readonly rows: readonly Row[] | undefined;
  readonly rowKey: (row: Row) => string;
  /** What a screen reader calls the list. */
  readonly label: string;
  readonly card: (row: Row) => ReactNode;
}) {
  const isNarrow = useIsNarrow();
  if (rows === undefined) return <Skeleton active title={false} paragraph={{ rows: 6 }} />;
  if (isNarrow) {
    return (
      <ul className="hf-cards" aria-label={label}>
        {rows.map((row) => (
          <li key={rowKey(row)}>{card(row)}</li>
        ))}
      </ul>
    );
  }
  return (
    <Table<Row>
      {...table}
      aria-label={label}
      dataSource={[...rows]}
      rowKey={rowKey}
      pagination={false}
      tableLayout="auto"
    />
  );
}
