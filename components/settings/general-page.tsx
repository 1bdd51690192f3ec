'use client';
import { Skeleton } from 'antd';
import { useSettings } from '#lib/client/use-settings.ts';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { GeneralForm } from './general-form.tsx';
import { InstallationFacts } from './installation-facts.tsx';

export function GeneralPage() {
  const { data, isError, error, isFetching, refetch } = useSettings();
  return (
    <div className="hf-page hf-page-text">
      <PageHeader title="General settings" lead="What an administrator may change while the console runs." />
      {isError && data === undefined && (
        <ProblemAlert
          error={error}
          title="The settings could not be loaded"
          isRetrying={isFetching}
          onRetry={() => {
            void refetch();
          }}
        />
      )}
      {data === undefined && !isError && <Skeleton active title={false} paragraph={{ rows: 8 }} />}
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
