import type { ReactNode } from 'react';

/** What a thing is, name by name; on a phone each name stands above its value. */
export function FactList({
  facts,
  testId,
}: {
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
  readonly testId?: string;
}) {
  return (
    <dl className="hf-fact-list" data-testid={testId}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt className="hf-wrap">{name}</dt>
          <dd className="hf-wrap">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
