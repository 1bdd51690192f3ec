import type { Metadata } from 'next';
import { forbidden, redirect } from 'next/navigation';
import { TimelinePage } from '#components/table/timeline-page.tsx';
import { can } from '#lib/auth/can.ts';
import { currentActor } from '#lib/auth/session.ts';

export const metadata: Metadata = { title: 'Row timeline' };

export default async function Page() {
  const actor = await currentActor();
  if (actor === null) redirect('/login');
  if (!can.manageBackups(actor)) forbidden();
  return <TimelinePage />;
}
