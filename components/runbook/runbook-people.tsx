import Link from 'next/link';
import type { RunbookResponse } from '#lib/contracts/runbook.ts';
import { EmergencyContacts } from '#components/backup/emergency-contacts.tsx';
import { CopyButton } from '#components/ui/copy-button.tsx';

/** Contacts, the escalation path and the communication timeline. */
export function RunbookPeople({
  data: { emergencyContacts, settings },
  mayManage,
}: {
  readonly data: RunbookResponse;
  readonly mayManage: boolean;
}) {
  return (
    <div className="hf-stack">
      <div className="hf-people">
        <div>
          <h3>Contacts</h3>
          {mayManage || emergencyContacts.length > 0 ? (
            <EmergencyContacts contacts={emergencyContacts} />
          ) : (
            <p className="hf-muted">
              Nobody is listed. Ask an administrator to list people, while there is time.
            </p>
          )}
        </div>
        <div>
          <h3>Escalation path</h3>
          {settings.escalation.length === 0 ? (
            <p className="hf-muted">
              No levels are set.{' '}
              {mayManage ? (
                <Link href="/settings/general#runbook-escalation">Set them now</Link>
              ) : (
                'Ask an administrator to set them'
              )}
              , while there is time.
            </p>
          ) : (
            <ol className="hf-escalation">
              {settings.escalation.map(({ afterMinutes, whom }) => (
                <li key={`${String(afterMinutes)} ${whom}`}>
                  <span className="hf-number">
                    {afterMinutes === 0 ? 'At once' : `After ${String(afterMinutes)} min`}
                  </span>
                  <span className="hf-wrap">{whom}</span>
                </li>
              ))}
            </ol>
          )}
        </div>
      </div>
      <div>
        <h3>What to say, and when</h3>
        <ol className="hf-timeline">
          {settings.communication.map(({ afterMinutes, audience, message }) => (
            <li key={`${String(afterMinutes)} ${audience}`}>
              <span className="hf-number">T+{afterMinutes} min</span>
              <span className="hf-timeline-text">
                <strong>{audience}</strong>
                <span className="hf-wrap">{message}</span>
              </span>
              <CopyButton text={message} what={`message for T+${String(afterMinutes)} minutes`} />
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
