import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { DrillPage } from '#components/drill/drill-page.tsx';
import { DrillId } from '#lib/contracts/drill.ts';

export const metadata: Metadata = { title: 'Drill' };

export default async function Page({ params }: { readonly params: Promise<{ readonly id: string }> }) {
  const id = DrillId.safeParse((await params).id);
  if (!id.success) notFound();
  return <DrillPage id={id.data} />;
}
