'use client';
import { Alert } from 'antd';
import type { SourceProbeAnswer } from '#lib/contracts/source.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { sentence } from '#lib/client/sentence.ts';
import { Instant } from '#components/ui/instant.tsx';

/** What a worker found when it connected: version and size, what ought to be known, or why it could not. */
export function ProbeResult({ answer }: { readonly answer: SourceProbeAnswer }) {
  const { isReachable, productVersion, sizeBytes, warnings, error } = answer;
  const found = [
    productVersion === null ? null : `PostgreSQL ${productVersion}`,
    sizeBytes === null ? null : humanBytes(sizeBytes),
  ].filter((part) => part !== null);
  if (!isReachable || error !== null) {
    return (
      <Alert
        type="error"
        showIcon
        data-testid="probe-result"
        data-status="failed"
        title={error === null ? 'The database could not be reached.' : sentence(error.message)}
        description={
          <>
            {error?.hint != null && <p>{error.hint}</p>}
            <p className="hf-problem-facts">
              {error !== null && (
                <>
                  Code <code>{error.code}</code> ·{' '}
                </>
              )}
              tried <Instant at={answer.checkedAt} />
            </p>
          </>
        }
      />
    );
  }
  return (
    <Alert
      type={warnings.length === 0 ? 'success' : 'warning'}
      showIcon
      data-testid="probe-result"
      data-status="reachable"
      title={`Connected${found.length === 0 ? '' : `: ${found.join(', ')}`}`}
      description={
        <>
          {warnings.length > 0 && (
            <ul>
              {warnings.map((warning) => (
                <li key={warning}>{sentence(warning)}</li>
              ))}
            </ul>
          )}
          <p className="hf-problem-facts">
            tried <Instant at={answer.checkedAt} />
          </p>
        </>
      }
    />
  );
}
