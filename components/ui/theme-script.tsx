'use client';
import { SYSTEM_COOKIE } from './theme.ts';

// The server guesses the system's scheme from a cookie. Where it guessed wrong (the first visit, or the device
// changed since) this asks again before anything is painted. Where cookies are refused, the guess stands.
const source = `(function(){var d=document,e=d.documentElement;if(e.dataset.choice!=='system')return;var s=matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light';if(s===e.dataset.theme)return;d.cookie='${SYSTEM_COOKIE}='+s+'; path=/; max-age=31536000; samesite=lax';if(d.cookie.indexOf('${SYSTEM_COOKIE}='+s)<0)return;e.hidden=true;location.reload()})()`;

/** Runs in <head>, before the first paint. */
export function ThemeScript({ nonce }: { readonly nonce: string | undefined }) {
  return (
    <script
      // React refuses scripts it renders in the browser, where this one has nothing left to do.
      type={typeof window === 'undefined' ? 'text/javascript' : 'text/plain'}
      nonce={nonce}
      suppressHydrationWarning
      dangerouslySetInnerHTML={{ __html: source }}
    />
  );
}
