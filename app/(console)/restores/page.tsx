import type { Metadata } from 'next';
import { RestoresPage } from '#components/restore/restores-page.tsx';

export const metadata: Metadata = { title: 'Restores' };

export default function Page() {
  return <RestoresPage />;
}
