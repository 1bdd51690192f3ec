import type { EmergencyContact } from '../contracts/settings.ts';
import type { RunbookSettings } from '../contracts/runbook.ts';
import { describeBackup } from './common-steps.ts';
import type { RunbookNames } from './runbook-names.ts';
import type { RunbookStep } from './runbook-step.ts';
import { scenarios } from './scenarios.ts';

export interface RunbookPeople {
  readonly contacts: readonly EmergencyContact[];
  readonly escalation: RunbookSettings['escalation'];
  readonly communication: RunbookSettings['communication'];
  readonly review: RunbookSettings['review'];
}

/** What a person typed must not become markup. */
const plain = (text: string): string => text.replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`);
const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');
/** A fence longer than any run of backticks in what it holds. */
function fenced(command: string): string {
  const longest = Math.max(2, ...[...command.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${command}\n${fence}`;
}

function step({ title, text, commands, missing }: RunbookStep, index: number): string {
  const open =
    missing === undefined
      ? []
      : ['**Not filled in yet:** an administrator gives this command in Settings, General.'];
  const mark = `${String(index + 1)}. `;
  const indented = [text, ...open, ...commands.map(fenced)].map((part) =>
    part.replaceAll(/^(?=.)/gm, ' '.repeat(mark.length)),
  );
  return [`${mark}[ ] **${title}**`, ...indented].join('\n\n');
}

const clock = (minutes: number): string => `T+${String(minutes)}`;

function people({ contacts, escalation, communication, review }: RunbookPeople): readonly string[] {
  const contactLines = contacts.map(({ name, role, phone, email }) =>
    [name, role, phone, email]
      .filter((part) => part !== '')
      .map(plain)
      .join(', '),
  );
  return [
    '## Whom to call',
    contactLines.length === 0
      ? 'Nobody is listed. Add emergency contacts in Settings, General, while there is time.'
      : bullets(contactLines),
    '### Escalation path',
    escalation.length === 0
      ? 'No levels are set. Add them in Settings, General.'
      : bullets(
          escalation.map(({ afterMinutes, whom }) => `after ${String(afterMinutes)} minutes: ${plain(whom)}`),
        ),
    '### What to say, and when',
    bullets(
      communication.map(
        ({ afterMinutes, audience, message }) =>
          `${clock(afterMinutes)} min, ${plain(audience)}: “${plain(message)}”`,
      ),
    ),
    '### Review',
    review.lastReviewedOn === null
      ? 'Not reviewed yet. It is to be reviewed and updated every quarter.'
      : `Last reviewed on ${review.lastReviewedOn}${review.reviewedBy === '' ? '' : ` by ${plain(review.reviewedBy)}`}; to be reviewed and updated every quarter.`,
  ];
}

/** The whole runbook as one Markdown document, for paper and for when the console is down. */
export function runbookMarkdown(
  names: RunbookNames,
  known: RunbookPeople,
  opening: readonly string[],
): string {
  const all = scenarios(names);
  return `${[
    '# Disaster recovery runbook',
    ...opening,
    `Targets: at most ${String(names.rpoHours)} hours of data lost (RPO), back within ${String(names.rtoMinutes)} minutes (RTO).`,
    describeBackup(names),
    'No command holds a password: the programs ask for it, or read `~/.pgpass`.',
    bullets(all.map(({ title, estimate }, index) => `Scenario ${String(index + 1)}: ${title} (${estimate})`)),
    ...people(known),
    ...all.flatMap(({ title, estimate, symptoms, decision, steps }, index) => [
      `## Scenario ${String(index + 1)}: ${title}`,
      `**Estimated time: ${estimate}**`,
      'Symptoms:',
      bullets(symptoms),
      `Decision: ${decision}`,
      ...steps.map(step),
    ]),
  ].join('\n\n')}\n`;
}
