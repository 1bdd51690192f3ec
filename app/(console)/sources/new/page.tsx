import type { Metadata } from 'next';
import { NewSourcePage } from '#components/source/source-page.tsx';

export const metadata: Metadata = { title: 'Add a source' };

export default function Page() {
  return <NewSourcePage />;
}
