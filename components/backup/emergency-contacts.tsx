import Link from 'next/link';
import type { EmergencyContact } from '#lib/contracts/settings.ts';

export function EmergencyContacts({ contacts }: { readonly contacts: readonly EmergencyContact[] }) {
  if (contacts.length === 0) {
    return (
      <p className="hf-muted" data-testid="no-contacts">
        Nobody is listed. <Link href="/settings/general">Add emergency contacts</Link> now, while there is
        time.
      </p>
    );
  }
  return (
    <ul className="hf-contacts">
      {contacts.map(({ name, role, phone, email }) => (
        <li key={`${name} ${phone} ${email}`}>
          <strong>{name}</strong>
          {role !== '' && <span className="hf-muted">, {role}</span>}
          <span className="hf-row">
            {phone !== '' && <a href={`tel:${phone.replaceAll(/[^+\d]/g, '')}`}>{phone}</a>}
            {email !== '' && <a href={`mailto:${email}`}>{email}</a>}
          </span>
        </li>
      ))}
    </ul>
  );
}
