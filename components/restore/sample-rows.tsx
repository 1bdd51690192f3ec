'use client';
import { Skeleton } from 'antd';
import type { RestoreLook } from '#lib/contracts/restore.ts';
import type { LookedTable } from '#lib/client/use-restore-look.ts';

type Sample = NonNullable<RestoreLook['sample']>;

/** The first rows of one table. Wide tables scroll in a region of their own, never the page. */
export function SampleRows({
  wanted,
  sample,
  isLoading,
}: {
  readonly wanted: LookedTable;
  readonly sample: Sample | null;
  readonly isLoading: boolean;
}) {
  const title = `First rows of ${wanted.schema}.${wanted.name}`;
  return (
    <div className="hf-sample" data-testid="sample" data-name={`${wanted.schema}.${wanted.name}`}>
      <h3 className="hf-wrap">{title}</h3>
      {sample === null ? (
        isLoading ? (
          <Skeleton active title={false} paragraph={{ rows: 4 }} />
        ) : (
          <p className="hf-muted">Its rows could not be read.</p>
        )
      ) : sample.rows.length === 0 ? (
        <p className="hf-muted">It has no rows.</p>
      ) : (
        <div className="hf-sample-region" role="region" aria-label={title} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {sample.columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {sample.rows.map((row, at) => (
                // Rows of a table need not have anything that tells them apart.
                <tr key={at}>
                  {row.map((value, column) => (
                    <td key={sample.columns[column] ?? column}>
                      <span className="hf-sample-value">
                        {value ?? <span className="hf-muted">null</span>}
                      </span>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
