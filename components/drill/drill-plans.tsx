'use client';
import Link from 'next/link';
import type { DrillPlan } from '#lib/contracts/drill.ts';
import { ENVIRONMENT_SOURCE_ID } from '#lib/contracts/source.ts';
import { drillScheduleWord } from '#lib/client/drill-words.ts';
import { Instant } from '#components/ui/instant.tsx';

/** The environment's own source follows the settings; each other has a policy of its own. */
const policyHref = (id: string): string =>
  id === ENVIRONMENT_SOURCE_ID ? '/settings/verification' : `/sources/${id}`;

function Due({ plan }: { readonly plan: DrillPlan }) {
  if (!plan.isEnabled) return <>not drilled: the source is disabled</>;
  if (plan.overdueSince !== null)
    return (
      <span className="hf-overdue" data-testid="drill-overdue">
        overdue since <Instant at={plan.overdueSince} as="calendar" />
      </span>
    );
  if (plan.nextDueAt === null) return <>nothing reminds anybody of one</>;
  return (
    <>
      next due <Instant at={plan.nextDueAt} as="calendar" />
    </>
  );
}

/** How often each source is drilled, and when next. */
export function DrillPlans({ plans }: { readonly plans: readonly DrillPlan[] }) {
  return (
    <ul className="hf-drill-plans" aria-label="When drills are due">
      {plans.map((plan) => (
        <li key={plan.source.id} data-testid="drill-plan" data-source={plan.source.id}>
          <span>
            <strong className="hf-wrap">{plan.source.name}</strong>:{' '}
            {drillScheduleWord[plan.schedule].toLowerCase()}, <Due plan={plan} />
          </span>
          <Link
            href={policyHref(plan.source.id)}
            className="hf-number"
            aria-label={`Change when ${plan.source.name} is drilled`}
          >
            Change
          </Link>
        </li>
      ))}
    </ul>
  );
}
