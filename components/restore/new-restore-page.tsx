'use client';
import { Skeleton } from 'antd';
import Link from 'next/link';
import { useEffect, useRef, type ReactNode } from 'react';
import { planOf, RESTORE_STEPS, type RestoreStep } from '#lib/client/restore-plan.ts';
import { whyNotRestorable } from '#lib/client/restore-words.ts';
import { useBackup } from '#lib/client/use-backup.ts';
import { useNow } from '#lib/client/use-now.ts';
import { useSettings } from '#lib/client/use-settings.ts';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { BackupChoice } from './backup-choice.tsx';
import { ConfirmStep } from './confirm-step.tsx';
import { HowStep } from './how-step.tsx';
import { PreviewStep } from './preview-step.tsx';
import { StepList } from './step-list.tsx';
import { useRestoreSearch } from './use-restore-search.ts';
import { WhatStep } from './what-step.tsx';

const headings: Record<RestoreStep, string> = {
  what: 'What comes back',
  how: 'Where, and how',
  preview: 'What would happen',
  confirm: 'Confirm',
};

/** A step's heading takes the focus when the step changes, so that a screen reader begins there. */
function Step({ step, children }: { readonly step: RestoreStep; readonly children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current !== step) heading.current?.focus({ preventScroll: true });
    shown.current = step;
  }, [step]);
  return (
    <section className="hf-wizard" aria-labelledby="wizard-step" data-testid="wizard" data-step={step}>
      <h2 id="wizard-step" ref={heading} tabIndex={-1}>
        {headings[step]}
      </h2>
      {children}
    </section>
  );
}

/** What → where and how → preview → confirm; nothing is changed before the last step. */
export function NewRestorePage() {
  const { search, change, go } = useRestoreSearch();
  const backup = useBackup(search.backup);
  const settings = useSettings();
  const now = useNow();
  const failed = [backup, settings].find(({ isError, data }) => isError && data === undefined);
  const installation = settings.data?.installation;

  const body = (): ReactNode => {
    if (search.backup === null) {
      return (
        <BackupChoice
          onChoose={(id) => {
            change({ backup: id });
          }}
        />
      );
    }
    if (failed !== undefined) {
      return (
        <ProblemAlert
          error={failed.error}
          title="The backup could not be loaded"
          isRetrying={failed.isFetching}
          onRetry={() => {
            void failed.refetch();
          }}
        />
      );
    }
    if (backup.data === undefined || installation === undefined || now === null)
      return <Skeleton active title={false} paragraph={{ rows: 8 }} />;
    const row = backup.data;
    const { plan, refusals } = planOf(search, row.source, now);
    // A link may name a step that its choices do not allow.
    const step =
      whyNotRestorable(row) !== null ? 'what' : plan === null && search.step !== 'what' ? 'how' : search.step;
    return (
      <>
        <StepList
          step={step}
          headings={headings}
          onGo={(to) => {
            if (RESTORE_STEPS.indexOf(to) < RESTORE_STEPS.indexOf(step)) go(to);
          }}
        />
        <Step step={step}>
          {step === 'what' && (
            <WhatStep
              backup={row}
              search={search}
              onChange={change}
              onOther={() => {
                change({ backup: null, target: null, destination: null, paths: [] });
              }}
              onNext={() => {
                go('how');
              }}
            />
          )}
          {step === 'how' && (
            <HowStep
              backup={row}
              search={search}
              now={now}
              refusals={refusals}
              hooks={installation.hooks}
              onChange={change}
              onBack={() => {
                go('what');
              }}
              onNext={
                plan === null
                  ? null
                  : () => {
                      // From here on the name is fixed, though midnight may come.
                      go('preview', { target: plan.targetDatabase });
                    }
              }
            />
          )}
          {step === 'preview' && plan !== null && (
            <PreviewStep
              backup={row}
              plan={plan}
              onBack={() => {
                go('how');
              }}
              onNext={() => {
                go('confirm');
              }}
            />
          )}
          {step === 'confirm' && plan !== null && (
            <ConfirmStep
              backup={row}
              plan={plan}
              onBack={() => {
                go('preview');
              }}
            />
          )}
        </Step>
      </>
    );
  };

  return (
    <div className="hf-page hf-page-narrow">
      <PageHeader
        title="Restore a backup"
        lead={
          <>
            Nothing is changed until you have seen what would happen and typed a name.{' '}
            <Link href="/restores" className="hf-number">
              All restores
            </Link>
          </>
        }
      />
      {body()}
    </div>
  );
}
