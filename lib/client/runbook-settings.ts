import type { RunbookSettings } from '../contracts/runbook.ts';

const trimmed = (text: string | null | undefined): string => (text ?? '').trim();

/** What a form holds, as the API takes it: an emptied field is absent or empty there. */
export function runbookSettings(values: RunbookSettings): RunbookSettings {
  const { commands, escalation, communication, review } = values;
  return {
    commands: Object.fromEntries(
      Object.entries(commands).map(([name, command]) => [name, trimmed(command)]),
    ) as RunbookSettings['commands'],
    escalation: escalation.map(({ afterMinutes, whom }) => ({ afterMinutes, whom: trimmed(whom) })),
    communication: communication.map(({ afterMinutes, audience, message }) => ({
      afterMinutes,
      audience: trimmed(audience),
      message: trimmed(message),
    })),
    review: {
      lastReviewedOn: trimmed(review.lastReviewedOn) === '' ? null : trimmed(review.lastReviewedOn),
      reviewedBy: trimmed(review.reviewedBy),
    },
  };
}
