'use client';
import { DownloadOutlined } from '@ant-design/icons';
import { Button, Skeleton } from 'antd';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { ProblemAlert } from '#components/ui/problem-alert.tsx';
import { TextRegion } from '#components/ui/text-region.tsx';

function saveText(text: string, filename: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(url);
}

/** The manifest as it lies beside the archive. */
export function ManifestTab({ id, filename }: { readonly id: string; readonly filename: string }) {
  const { data, isError, error, isFetching, refetch } = useManifest(id);
  if (data === undefined) {
    return isError ? (
      <ProblemAlert
        error={error}
        title="The manifest could not be loaded"
        isRetrying={isFetching}
        onRetry={() => {
          void refetch();
        }}
      />
    ) : (
      <Skeleton active title={false} paragraph={{ rows: 8 }} />
    );
  }
  // Printed like the file, down to its last byte (docs/format.md).
  const text = `${JSON.stringify(data.document, null, 2)}\n`;
  return (
    <TextRegion
      label="Manifest"
      text={text}
      actions={
        <>
          <CopyButton text={text} what="manifest" />
          <Button
            size="small"
            icon={<DownloadOutlined aria-hidden />}
            data-testid="download-manifest"
            onClick={() => {
              saveText(text, manifestNameOf(filename));
            }}
          >
            Download
          </Button>
        </>
      }
    />
  );
}
