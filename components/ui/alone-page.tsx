import Link from 'next/link';
import type { ReactNode } from 'react';
import { Logo } from './logo.tsx';

/** A page outside the console: sign-in, not found, broken. Says whose it is, and leads home. */
export function AlonePage({ children }: { readonly children: ReactNode }) {
  return (
    <main className="hf-alone">
      <div className="hf-alone-box">
        {/* Fetched ahead, it would only be sent back here by whoever is not signed in. */}
        <Link href="/" prefetch={false} className="hf-brand">
          <Logo />
          Holdfast
        </Link>
        {children}
      </div>
    </main>
  );
}
