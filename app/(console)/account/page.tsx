import type { Metadata } from 'next';
import { AccountPage } from '#components/account/account-page.tsx';
import { currentActor } from '#lib/auth/session.ts';

export const metadata: Metadata = { title: 'Account' };

export default async function Page() {
  const actor = await currentActor();
  return actor === null ? null : <AccountPage name={actor.name} role={actor.role} />;
}
