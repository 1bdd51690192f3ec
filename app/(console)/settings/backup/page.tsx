import type { Metadata } from 'next';
import { BackupPage } from '#components/backup/backup-page.tsx';

export const metadata: Metadata = { title: 'Backups' };

export default function Page() {
  return <BackupPage />;
}
