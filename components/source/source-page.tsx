'use client';
import { Skeleton } from 'antd';
import Link from 'next/link';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { SOURCE_KINDS } from '#lib/core/source-kind.ts';
import type { InstalledChoices } from '#lib/client/source-form.ts';
import { useSettings } from '#lib/client/use-settings.ts';
import { useSource, useSources } from '#lib/client/use-sources.ts';
import { PageHeader } from '#components/ui/page-header.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { Section } from '#components/ui/section.tsx';
import { EditSourceForm } from './edit-source-form.tsx';
import { EnableSection } from './enable-section.tsx';
import { EnvironmentSource } from './environment-source.tsx';
import { KindChoice } from './kind-choice.tsx';
import { KindMark } from './kind-mark.tsx';
import { NewSourceForm } from './new-source-form.tsx';

/** What holds where a source makes no choice of its own; undefined until it is loaded. */
function useInstalled(): {
  readonly settings: ReturnType<typeof useSettings>;
  readonly installed: InstalledChoices | undefined;
  /** Whether archives are encrypted. */
  readonly isEncrypted: boolean;
} {
  const settings = useSettings();
  const data = settings.data;
  return {
    settings,
    isEncrypted: data?.installation.isEncrypted ?? false,
    installed:
      data === undefined
        ? undefined
        : {
            schedule: data.installation.schedule,
            retention: data.installation.retention,
            verification: data.settings.verification,
          },
  };
}

const backLink = (
  <>
    <Link href="/sources" className="hf-link">
      All sources
    </Link>
  </>
);

/** First what is to be protected, then where it is. */
export function NewSourcePage() {
  const { settings, installed, isEncrypted } = useInstalled();
  const [kind, setKind] = useQueryState(
    'kind',
    parseAsStringLiteral(SOURCE_KINDS).withDefault('postgres').withOptions({ scroll: false }),
  );
  const sources = useSources();
  const failed = [settings, sources].find(({ isError, data }) => isError && data === undefined);
  return (
    <div className="hf-page hf-page-text">
      <PageHeader
        title="Add a source"
        lead={
          <>
            What you add here is backed up on schedule and proven. Passwords are kept sealed under a key that
            is not in the catalogue. {backLink}
          </>
        }
      />
      {failed !== undefined && (
        <ProblemAlert
          error={failed.error}
          title="The form could not be loaded"
          isRetrying={failed.isFetching}
          onRetry={() => {
            void failed.refetch();
          }}
        />
      )}
      {failed === undefined &&
        (installed === undefined || sources.data === undefined ? (
          <Skeleton active title={false} paragraph={{ rows: 10 }} />
        ) : (
          <>
            <KindChoice
              value={kind}
              onChange={(next) => {
                void setKind(next);
              }}
            />
            <NewSourceForm
              key={kind}
              kind={kind}
              installed={installed}
              isEncrypted={isEncrypted}
              sources={sources.data.data}
            />
          </>
        ))}
    </div>
  );
}

/** One source: the environment's to look at, any other to change. */
export function SourcePage({ id }: { readonly id: string }) {
  const { settings, installed, isEncrypted } = useInstalled();
  const source = useSource(id);
  const failed = [source, settings].find(({ isError, data }) => isError && data === undefined);
  const { data } = source;
  return (
    <div className="hf-page hf-page-text">
      <PageHeader
        title={data?.name ?? 'Source'}
        lead={
          data === undefined ? (
            backLink
          ) : (
            <>
              <KindMark kind={data.kind} />: <span className="hf-wrap">{data.place}</span>.{' '}
              <Link href={`/settings/backup?source=${id}`} className="hf-link">
                Its backups
              </Link>{' '}
              · {backLink}
            </>
          )
        }
      />
      {failed !== undefined && (
        <ProblemAlert
          error={failed.error}
          title="The source could not be loaded"
          isRetrying={failed.isFetching}
          onRetry={() => {
            void failed.refetch();
          }}
        />
      )}
      {failed === undefined && (data === undefined || installed === undefined) && (
        <Skeleton active title={false} paragraph={{ rows: 10 }} />
      )}
      {data !== undefined &&
        installed !== undefined &&
        data.isFromEnvironment &&
        data.kind === 'postgres' && <EnvironmentSource source={data} />}
      {data !== undefined && installed !== undefined && !data.isFromEnvironment && (
        <>
          <EditSourceForm key={data.id} source={data} installed={installed} isEncrypted={isEncrypted} />
          <Section name="enabled" title={data.isEnabled ? 'Stop backing it up' : 'Disabled'}>
            <EnableSection source={data} />
          </Section>
        </>
      )}
    </div>
  );
}
