'use client';
import { DesktopOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTheme } from './theme-provider.tsx';
import type { ThemeChoice } from './theme.ts';

const looks: Record<ThemeChoice, { label: string; next: ThemeChoice; icon: React.ReactNode }> = {
  system: { label: 'System theme', next: 'light', icon: <DesktopOutlined aria-hidden /> },
  light: { label: 'Light theme', next: 'dark', icon: <SunOutlined aria-hidden /> },
  dark: { label: 'Dark theme', next: 'system', icon: <MoonOutlined aria-hidden /> },
};

/** One button through system, light and dark; the choice is remembered in a cookie. */
export function ThemeToggle() {
  const { choice, choose } = useTheme();
  const look = looks[choice];
  return (
    <Button
      type="text"
      icon={look.icon}
      data-testid="theme-toggle"
      data-choice={choice}
      aria-label={`${look.label}. Change to: ${looks[look.next].label.toLowerCase()}`}
      onClick={() => {
        choose(look.next);
      }}
    >
      {look.label}
    </Button>
  );
}
