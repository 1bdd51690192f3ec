import { forbidden, redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { can } from '#lib/auth/can.ts';
import { currentActor } from '#lib/auth/session.ts';

/** Everything under /drills is for administrators. */
export default async function DrillsLayout({ children }: { readonly children: ReactNode }) {
  const actor = await currentActor();
  if (actor === null) redirect('/login');
  if (!can.manageBackups(actor)) forbidden();
  return children;
}
