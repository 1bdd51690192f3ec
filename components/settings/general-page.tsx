'use client';
import { useSettings } from '#lib/client/use-settings.ts';
import { LoadState } from '#components/ui/load-state.tsx';
import { PageHeader } from '#components/ui/page-header.tsx';
import { Section } from '#components/ui/section.tsx';
import { GeneralForm } from './general-form.tsx';
import { InstallationFacts } from './installation-facts.tsx';

export function GeneralPage() {
  const settings = useSettings();
  const { data } = settings;
  return (
    <div className="hf-page hf-page-text">
      <PageHeader title="General settings" lead="What an administrator may change while the console runs." />
      <LoadState query={settings} title="The settings could not be loaded" />
      {data !== undefined && (
        <>
          <Section name="recovery" title="Recovery targets, contacts and runbook">
            <GeneralForm settings={data.settings} />
          </Section>
          <Section name="installation" title="This installation">
            <InstallationFacts installation={data.installation} />
          </Section>
        </>
      )}
    </div>
  );
}
