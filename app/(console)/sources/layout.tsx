import { forbidden, redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { can } from '#lib/auth/can.ts';
import { currentActor } from '#lib/auth/session.ts';

/** Everything under /sources is for administrators. */
export default async function SourcesLayout({ children }: { readonly children: ReactNode }) {
  const actor = await currentActor();
  if (actor === null) redirect('/login');
  if (!can.manageSources(actor)) forbidden();
  return children;
}
