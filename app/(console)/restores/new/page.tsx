import type { Metadata } from 'next';
import { NewRestorePage } from '#components/restore/new-restore-page.tsx';

export const metadata: Metadata = { title: 'Restore a backup' };

export default function Page() {
  return <NewRestorePage />;
}
