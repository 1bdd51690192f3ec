'use client';
import { MenuOutlined } from '@ant-design/icons';
import { Button, Drawer } from 'antd';
import Link from 'next/link';
import { useState, type ReactNode } from 'react';
import type { Role } from '#lib/core/actor.ts';
import { Logo } from '#components/ui/logo.tsx';
import { ThemeToggle } from '#components/ui/theme-toggle.tsx';
import { Nav } from './nav.tsx';
import { SignOutButton } from './sign-out-button.tsx';

function Brand() {
  return (
    <Link href="/" prefetch={false} className="hf-brand">
      <Logo />
      Holdfast
    </Link>
  );
}

function Foot({ name }: { readonly name: string }) {
  return (
    <div className="hf-shell-foot">
      <p className="hf-shell-person" title={name}>
        {name}
      </p>
      <div className="hf-row">
        <SignOutButton />
        <ThemeToggle />
      </div>
    </div>
  );
}

/** Sidebar on a wide screen, top bar with a drawer on a narrow one, and the page. */
export function ConsoleShell({
  person,
  children,
}: {
  readonly person: { readonly name: string; readonly role: Role };
  readonly children: ReactNode;
}) {
  const [isMenuOpen, setMenuOpen] = useState(false);
  return (
    <div className="hf-shell">
      <a className="hf-skip" href="#main">
        Skip to the content
      </a>
      <header className="hf-topbar">
        <Brand />
        <Button
          type="text"
          icon={<MenuOutlined aria-hidden />}
          aria-label="Open the menu"
          data-testid="open-menu"
          onClick={() => {
            setMenuOpen(true);
          }}
        />
      </header>
      <aside className="hf-sidebar" aria-label="Sidebar">
        <Brand />
        <Nav role={person.role} />
        <Foot name={person.name} />
      </aside>
      <Drawer
        open={isMenuOpen}
        onClose={() => {
          setMenuOpen(false);
        }}
        title="Menu"
        placement="right"
        size={288}
        destroyOnHidden
      >
        <div className="hf-menu">
          <Nav
            role={person.role}
            onNavigate={() => {
              setMenuOpen(false);
            }}
          />
          <Foot name={person.name} />
        </div>
      </Drawer>
      <main id="main" tabIndex={-1} className="hf-main">
        {children}
      </main>
    </div>
  );
}
