import type { Metadata } from 'next';
import { UsersPage } from '#components/user/users-page.tsx';
import { currentActor } from '#lib/auth/session.ts';

export const metadata: Metadata = { title: 'Users' };

export default async function Page() {
  const actor = await currentActor();
  return <UsersPage ownId={actor?.id ?? ''} />;
}
