import type { Metadata } from 'next';
import { OverviewPage } from '#components/overview/overview-page.tsx';
import { can } from '#lib/auth/can.ts';
import { currentActor } from '#lib/auth/session.ts';

export const metadata: Metadata = { title: 'Overview' };

export default async function Page() {
  const actor = await currentActor();
  return <OverviewPage mayManage={actor !== null && can.manageBackups(actor)} />;
}
