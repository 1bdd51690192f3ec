'use client';
import { destinationWord } from '#lib/client/backup-words.ts';
import { recordedProblem } from '#lib/client/problem-error.ts';
import { sentence } from '#lib/client/sentence.ts';
import type { RebuildResult } from '#lib/contracts/rebuild.ts';
import { humanBytes } from '#lib/core/bytes.ts';
import { SourceMark } from '#components/source/kind-mark.tsx';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';

const copiesText = (copies: number): string =>
  copies === 1 ? '1 further copy' : `${String(copies)} further copies`;

function Sources({ sources }: Pick<RebuildResult, 'sources'>) {
  return (
    <ul className="hf-rebuild-list" aria-label="What is new, by source">
      {sources.map((source) => (
        <li key={source.id} data-testid="rebuild-source" data-source={source.name}>
          <SourceMark kind={source.kind}>{source.name}</SourceMark>
          <span className="hf-number">
            {source.backups > 0 &&
              `${String(source.backups)} ${source.backups === 1 ? 'backup' : 'backups'}, ${humanBytes(source.sizeBytes)}`}
            {source.backups > 0 && source.copies > 0 && ', '}
            {source.copies > 0 && copiesText(source.copies)}
          </span>
          {source.oldestAt !== null && source.newestAt !== null && (
            <span className="hf-muted">
              <Instant at={source.oldestAt} as="calendar" />
              {source.oldestAt !== source.newestAt && (
                <>
                  {' to '}
                  <Instant at={source.newestAt} as="calendar" />
                </>
              )}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What a search found: what is new of which source, what cannot be recorded and why, and where nobody could look. */
export function RebuildFound({ result }: { readonly result: RebuildResult }) {
  const { sources, refused, refusedCount, unreachable } = result;
  return (
    <>
      {sources.length > 0 && <Sources sources={sources} />}
      {unreachable.map(({ destination, error }) => (
        <ProblemAlert
          key={destination}
          error={recordedProblem(error)}
          title={`What lies at ${destinationWord[destination]} is not known to the end`}
          isMild
        />
      ))}
      {refusedCount > 0 && (
        <details className="hf-rebuild-refused" open={refusedCount < 5}>
          <summary>
            {refusedCount === 1
              ? '1 archive cannot be recorded'
              : `${String(refusedCount)} archives cannot be recorded`}
          </summary>
          <ul aria-label="What cannot be recorded">
            {refused.map(({ destination, key, error }) => (
              <li key={`${destination} ${key}`} data-testid="rebuild-refused" data-code={error.code}>
                <span className="hf-wrap">
                  {key} <span className="hf-muted">({destinationWord[destination]})</span>
                </span>
                <span>
                  {sentence(error.message)} {error.hint} <code>{error.code}</code>
                </span>
              </li>
            ))}
          </ul>
          {refusedCount > refused.length && (
            <p className="hf-muted">And {refusedCount - refused.length} more.</p>
          )}
        </details>
      )}
    </>
  );
}
