'use client';
import type { Incident } from '#lib/contracts/runbook.ts';
import type { Scenario } from '#lib/runbook/runbook-step.ts';
import { Instant } from '#components/ui/instant.tsx';
import { Section } from '#components/ui/section.tsx';

/** What was worked through before, with who did which step and when. */
export function FinishedIncidents({
  incidents,
  all,
}: {
  readonly incidents: readonly Incident[];
  readonly all: readonly Scenario[];
}) {
  if (incidents.length === 0) return null;
  return (
    <div className="hf-no-print">
      <Section name="finished" title="Worked through before">
        <div className="hf-stack">
          {incidents.map((incident) => {
            const scenario = all.find(({ id }) => id === incident.scenario);
            return (
              <details key={incident.id} className="hf-finished" data-testid="finished-incident">
                <summary>
                  <strong>{scenario?.title ?? incident.scenario}</strong>{' '}
                  <span className="hf-muted">
                    started by {incident.startedBy}, <Instant at={incident.startedAt} as="plain" />;{' '}
                    {incident.ticks.length} of {scenario?.steps.length ?? incident.ticks.length} steps done
                  </span>
                </summary>
                <ol>
                  {incident.ticks.map(({ stepId, at, by }) => (
                    <li key={stepId}>
                      {scenario?.steps.find(({ id }) => id === stepId)?.title ?? stepId}{' '}
                      <span className="hf-muted">
                        by {by}, <Instant at={at} as="plain" />
                      </span>
                    </li>
                  ))}
                </ol>
                {incident.finishedAt !== null && (
                  <p className="hf-muted">
                    Finished by {incident.finishedBy}, <Instant at={incident.finishedAt} as="plain" />
                  </p>
                )}
              </details>
            );
          })}
        </div>
      </Section>
    </div>
  );
}
