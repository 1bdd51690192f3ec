import type { Drill } from '#lib/contracts/drill.ts';
import { checkDuration } from '#lib/client/durations.ts';
import { drillStepWord } from '#lib/client/drill-words.ts';

/** Where the time went, in the order it was spent. */
export function DrillSteps({ drill }: { readonly drill: Drill }) {
  const longest = Math.max(1, ...drill.steps.map(({ durationMs }) => durationMs));
  return (
    <ol className="hf-drill-steps">
      {drill.steps.map(({ phase, durationMs }) => (
        <li key={phase} data-testid="drill-step" data-name={phase}>
          <span>{drillStepWord[phase]}</span>
          <span className="hf-drill-step-time">{checkDuration(durationMs)}</span>
          <span className="hf-drill-bar" aria-hidden>
            <span style={{ width: `${String((durationMs / longest) * 100)}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}
