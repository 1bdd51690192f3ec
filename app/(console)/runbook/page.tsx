import type { Metadata } from 'next';
import { RunbookPage } from '#components/runbook/runbook-page.tsx';
import { can } from '#lib/auth/can.ts';
import { currentActor } from '#lib/auth/session.ts';

export const metadata: Metadata = { title: 'Runbook' };

export default async function Page() {
  const actor = await currentActor();
  return <RunbookPage mayManage={actor !== null && can.manageSettings(actor)} />;
}
