import type { Metadata } from 'next';
import { VerificationSettingsPage } from '#components/settings/verification-settings-page.tsx';

export const metadata: Metadata = { title: 'Verification' };

export default function Page() {
  return <VerificationSettingsPage />;
}
