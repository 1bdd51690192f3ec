'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { Role } from '#lib/core/actor.ts';
import { navGroups } from './nav-items.ts';

export function Nav({ role, onNavigate }: { readonly role: Role; readonly onNavigate?: () => void }) {
  const path = usePathname();
  return (
    <nav aria-label="Main" className="hf-nav">
      {navGroups(role).map(({ label, items }) => (
        <div key={label ?? ''} className="hf-nav-group">
          {label !== null && <p className="hf-nav-label">{label}</p>}
          <ul>
            {items.map((item) => (
              <li key={item.href}>
                <Link
                  href={item.href}
                  // Fetched ahead, eleven pages would each ask the catalogue who looks, at every load of one.
                  prefetch={false}
                  className="hf-nav-link"
                  aria-current={
                    path === item.href
                      ? 'page'
                      : item.href !== '/' && path.startsWith(`${item.href}/`)
                        ? 'true'
                        : undefined
                  }
                  {...(onNavigate === undefined ? {} : { onClick: onNavigate })}
                >
                  {item.label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
