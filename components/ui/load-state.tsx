'use client';
import { Skeleton } from 'antd';
import { problemOf } from '#lib/client/problem-error.ts';
import { ProblemAlert } from './problem-alert.tsx';

/** What a query has to say of itself: that it loads, or why it could not and the way to try again. */
export function LoadState({
  query,
  title,
  staleTitle,
  rows = 8,
}: {
  readonly query: {
    readonly data: unknown;
    readonly isError: boolean;
    readonly error: unknown;
    readonly isFetching: boolean;
    refetch(): Promise<unknown>;
  };
  /** Where there is nothing to show: "The settings could not be loaded". */
  readonly title: string;
  /** Where what is shown could not be renewed; without it that is not said. */
  readonly staleTitle?: string;
  /** Lines that stand in for what is to come. */
  readonly rows?: number;
}) {
  const isEmpty = query.data === undefined;
  if (query.isError && (isEmpty || staleTitle !== undefined)) {
    return (
      <ProblemAlert
        error={query.error}
        title={isEmpty ? title : (staleTitle ?? title)}
        isRetrying={query.isFetching}
        // What is not there will not be there at the next try.
        {...(problemOf(query.error).code === 'not_found'
          ? {}
          : {
              onRetry: () => {
                void query.refetch();
              },
            })}
      />
    );
  }
  return isEmpty ? <Skeleton active title={false} paragraph={{ rows }} /> : null;
}
