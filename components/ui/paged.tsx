'use client';
import { Pagination } from 'antd';
import { useState, type ReactNode } from 'react';

/** A long list a page at a time, so that a thousand rows stay quick; a short one as it is. */
export function Paged<Row>({
  rows,
  size,
  label,
  children,
}: {
  readonly rows: readonly Row[];
  readonly size: number;
  /** What a screen reader calls the pages: "Pages of the tables". */
  readonly label: string;
  readonly children: (rows: readonly Row[]) => ReactNode;
}) {
  const [wanted, setPage] = useState(1);
  const page = Math.min(wanted, Math.max(1, Math.ceil(rows.length / size)));
  if (rows.length <= size) return children(rows);
  return (
    <div className="hf-stack">
      {children(rows.slice((page - 1) * size, page * size))}
      <nav aria-label={label} className="hf-pages">
        <Pagination
          simple
          size="small"
          current={page}
          pageSize={size}
          total={rows.length}
          showSizeChanger={false}
          onChange={setPage}
        />
      </nav>
    </div>
  );
}
