'use client';
import { useSettings } from '#lib/client/use-settings.ts';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { Section } from '#components/ui/section.tsx';
import { VerificationAbilities } from './verification-abilities.tsx';
import { VerificationForm } from './verification-form.tsx';

/** What is verified when and how strictly, and what this installation can do. */
export function VerificationSettingsPage() {
  const settings = useSettings();
  const { data } = settings;
  return (
    <div className="hf-page hf-page-text">
      <PageHeader
        title="Verification"
        lead="A backup counts as proven once it was restored and every table, row count and object was found as its manifest says. When that happens, and how strictly, is decided here."
      />
      <LoadState query={settings} title="The settings could not be loaded" />
      {data !== undefined && (
        <>
          <Section name="policy" title="Policy">
            <VerificationForm settings={data.settings} />
          </Section>
          <Section name="abilities" title="What this installation can do">
            <VerificationAbilities installation={data.installation} />
          </Section>
        </>
      )}
    </div>
  );
}
