'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { finishIncidentAction, startIncidentAction, tickStepAction } from '#app/actions/incident.ts';
import type { Incident, RunbookResponse } from '#lib/contracts/runbook.ts';
import { queryKeys } from '#lib/client/query-keys.ts';
import { unwrapAction } from '#lib/client/unwrap-action.ts';
import type { Scenario } from '#lib/runbook/runbook-step.ts';
import { Instant } from '#components/ui/instant.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Fold } from './fold.tsx';
import { ScenarioStep } from './scenario-step.tsx';

/** Shows a change at once and asks for the rest: others may have ticked meanwhile. */
function useIncidentChange<Input>(change: (input: Input) => Promise<Incident>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (incident) => {
      client.setQueryData<RunbookResponse>(queryKeys.runbook, (old) =>
        old === undefined
          ? old
          : { ...old, incidents: [incident, ...old.incidents.filter(({ id }) => id !== incident.id)] },
      );
    },
    onSettled: () => client.invalidateQueries({ queryKey: queryKeys.runbook }),
  });
}

/** One scenario; while it is being worked through, each step can be ticked by whoever did it. */
export function ScenarioSection({
  scenario,
  position,
  incident,
  mayManage,
  isOpen,
  onToggle,
}: {
  readonly scenario: Scenario;
  readonly position: number;
  readonly incident: Incident | null;
  readonly mayManage: boolean;
  readonly isOpen: boolean;
  readonly onToggle: (name: string, isOpen: boolean) => void;
}) {
  const start = useIncidentChange(() => unwrapAction(startIncidentAction({ scenario: scenario.id })));
  const finish = useIncidentChange((id: string) => unwrapAction(finishIncidentAction(id)));
  const tick = useIncidentChange((input: { id: string; stepId: string; isDone: boolean }) =>
    unwrapAction(tickStepAction(input.id, { stepId: input.stepId, isDone: input.isDone })),
  );
  const failed = [start, finish, tick].find(({ isError }) => isError);
  const doneCount = scenario.steps.filter(({ id }) =>
    incident?.ticks.some(({ stepId }) => stepId === id),
  ).length;
  return (
    <div
      className="hf-scenario"
      data-testid="scenario"
      data-name={scenario.id}
      data-status={incident === null ? 'idle' : 'under-way'}
    >
      <Fold
        name={scenario.id}
        title={`Scenario ${String(position)}: ${scenario.title}`}
        extra={
          incident === null ? (
            `Estimated time: ${scenario.estimate}`
          ) : (
            <strong className="hf-under-way">
              Under way, {doneCount} of {scenario.steps.length} steps done
            </strong>
          )
        }
        isOpen={isOpen}
        onToggle={onToggle}
      >
        <div className="hf-stack">
          <div>
            <h3>Symptoms</h3>
            <ul className="hf-symptoms">
              {scenario.symptoms.map((symptom) => (
                <li key={symptom}>{symptom}</li>
              ))}
            </ul>
          </div>
          <div>
            <h3>Decision</h3>
            <p className="hf-decision">{scenario.decision}</p>
          </div>
          {incident === null ? (
            <div className="hf-row hf-no-print">
              <Button
                loading={start.isPending}
                data-testid="start-incident"
                onClick={() => {
                  start.mutate(undefined);
                }}
              >
                Start working through it
              </Button>
              <span className="hf-muted">
                Then each step can be ticked, and everybody sees who did it and when.
              </span>
            </div>
          ) : (
            <div className="hf-incident" role="status">
              <span>
                <strong>Under way:</strong> {doneCount} of {scenario.steps.length} steps done. Started by{' '}
                {incident.startedBy}, <Instant at={incident.startedAt} />.
              </span>
              <Button
                className="hf-no-print"
                loading={finish.isPending}
                data-testid="finish-incident"
                onClick={() => {
                  finish.mutate(incident.id);
                }}
              >
                Finish it
              </Button>
            </div>
          )}
          {failed !== undefined && <ProblemAlert error={failed.error} title="That was not written down" />}
          <ol className="hf-steps hf-runbook-steps">
            {scenario.steps.map((step) => (
              <ScenarioStep
                key={step.id}
                step={step}
                tick={incident?.ticks.find(({ stepId }) => stepId === step.id) ?? null}
                isPending={tick.isPending && tick.variables.stepId === step.id}
                mayManage={mayManage}
                onTick={
                  incident === null
                    ? null
                    : (isDone) => {
                        tick.mutate({ id: incident.id, stepId: step.id, isDone });
                      }
                }
              />
            ))}
          </ol>
          <p className="hf-no-print">
            <a href="#scenarios">Back to all scenarios</a>
          </p>
        </div>
      </Fold>
    </div>
  );
}
