'use client';
import { CheckOutlined } from '@ant-design/icons';
import { RESTORE_STEPS, type RestoreStep } from '#lib/client/restore-plan.ts';

/** Where one is among the steps; those behind lead back. */
export function StepList({
  step,
  headings,
  onGo,
}: {
  readonly step: RestoreStep;
  readonly headings: Record<RestoreStep, string>;
  readonly onGo: (step: RestoreStep) => void;
}) {
  const at = RESTORE_STEPS.indexOf(step);
  return (
    <nav aria-label="Steps of the restore">
      <ol className="hf-step-list">
        {RESTORE_STEPS.map((each, index) => {
          const state = index < at ? 'done' : index === at ? 'current' : 'ahead';
          const label = (
            <>
              <span className="hf-step-sign" aria-hidden>
                {state === 'done' ? <CheckOutlined /> : index + 1}
              </span>
              <span className="hf-step-label">{headings[each]}</span>
            </>
          );
          return (
            <li key={each} data-state={state} aria-current={state === 'current' ? 'step' : undefined}>
              {state === 'done' ? (
                <button
                  type="button"
                  className="hf-step-back"
                  aria-label={`Back to: ${headings[each]}`}
                  onClick={() => {
                    onGo(each);
                  }}
                >
                  {label}
                </button>
              ) : (
                label
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
