import type { Metadata } from 'next';
import { InstantPage } from '#components/restore/instant-page.tsx';

export const metadata: Metadata = { title: 'Back to an instant' };

export default function Page() {
  return <InstantPage />;
}
