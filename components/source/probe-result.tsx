'use client';
import { Alert } from 'antd';
import type { SourceProbeAnswer } from '#lib/contracts/source.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { sentence } from '#lib/client/sentence.ts';
import { productText } from '#lib/client/source-words.ts';
import { Instant } from '#components/ui/instant.tsx';

const reached: Record<SourceKind, string> = {
  postgres: 'Connected',
  files: 'Found',
  sqlite: 'Found',
  redis: 'Connected',
};

/** What a worker found when it tried: version and size, what ought to be known, or why it could not. */
export function ProbeResult({
  kind,
  answer,
}: {
  readonly kind: SourceKind;
  readonly answer: SourceProbeAnswer;
}) {
  const { isReachable, productVersion, sizeBytes, warnings, error } = answer;
  const found = [
    sizeBytes === null ? null : humanBytes(sizeBytes),
    productVersion === null ? null : productText(kind, productVersion),
  ].filter((part) => part !== null);
  if (kind === 'postgres' || kind === 'redis') found.reverse();
  if (!isReachable || error !== null) {
    return (
      <Alert
        type="error"
        showIcon
        data-testid="probe-result"
        data-status="failed"
        title={error === null ? 'It could not be reached.' : sentence(error.message)}
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
      title={`${reached[kind]}${found.length === 0 ? '' : `: ${found.join(', ')}`}`}
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
