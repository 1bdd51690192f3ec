'use client';
import { useVerification } from '#lib/client/use-verification.ts';
import { RunningVerification } from './running-verification.tsx';

/** The panel of a verification as long as it runs. */
export function Verifying({ id }: { readonly id: string }) {
  const { data } = useVerification(id);
  return data?.status === 'IN_PROGRESS' ? <RunningVerification verification={data} /> : null;
}
