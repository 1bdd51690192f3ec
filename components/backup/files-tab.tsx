'use client';
import { Alert } from 'antd';
import { humanBytes } from '#lib/core/bytes.ts';
import { changedText } from '#lib/client/held-words.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { EmptyState } from '#components/ui/empty-state.tsx';
import { FactList } from '#components/ui/fact-list.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
import { PathList } from '#components/ui/path-list.tsx';

const figure = (count: number): string => count.toLocaleString('en');

/** What a backup of files holds, from its manifest, and which of them were written to meanwhile. */
export function FilesTab({ id }: { readonly id: string }) {
  const manifest = useManifest(id);
  const { data } = manifest;
  if (data === undefined) return <LoadState query={manifest} title="The files could not be loaded" />;
  const { facts, options } = data.manifest;
  const { files } = facts;
  if (files === null)
    return <EmptyState title="Not counted">The manifest does not tell what the archive holds.</EmptyState>;
  const changed = changedText(files);
  const only = options.files?.only ?? null;
  const excludes = options.files?.excludes ?? [];
  const unnamed = files.changedCount - files.changed.length;
  return (
    <div className="hf-stack" data-testid="files-facts">
      {changed !== null && (
        <Alert
          type="warning"
          showIcon
          data-testid="changed-files"
          title={changed}
          description={
            <div className="hf-stack">
              <p>
                The archive holds {files.changedCount === 1 ? 'it' : 'them'} as{' '}
                {files.changedCount === 1 ? 'it was' : 'they were'} read, which may be half of the old and
                half of the new. Back up a database by its own kind of source, and take other files when
                nothing writes to them.
              </p>
              <PathList label="Files that were written to" paths={files.changed} />
              {unnamed > 0 && <p className="hf-muted">And {figure(unnamed)} more.</p>}
            </div>
          }
        />
      )}
      <FactList
        facts={[
          ['Files', figure(files.files)],
          ['Folders', figure(files.directories)],
          ['Links', figure(files.links)],
          ...(files.others === 0 ? [] : [['Pipes and devices', figure(files.others)] as const]),
          ['Size of all files', humanBytes(files.bytes)],
          [
            'What was taken',
            only === null ? 'Everything' : <PathList key="only" label="Paths that were taken" paths={only} />,
          ],
          ...(excludes.length === 0
            ? []
            : [
                [
                  'Left out',
                  <PathList key="excludes" label="Patterns that were left out" paths={excludes} />,
                ] as const,
              ]),
          ['Fingerprint', <code key="print">{files.fingerprint}</code>],
        ]}
      />
      <p className="hf-muted">
        Counted as the files went into the archive. The fingerprint is of every name and content: a restored
        copy is proven against it.
      </p>
    </div>
  );
}
