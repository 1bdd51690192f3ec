import type { Metadata } from 'next';
import { KeptCopiesPage } from '#components/restore/kept-copies-page.tsx';

export const metadata: Metadata = { title: 'What restores left' };

export default function Page() {
  return <KeptCopiesPage />;
}
