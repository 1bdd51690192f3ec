'use client';
import { DownloadOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { manifestNameOf } from '#lib/contracts/manifest.ts';
import { useManifest } from '#lib/client/use-manifest.ts';
import { CopyButton } from '#components/ui/copy-button.tsx';
import { LoadState } from '#components/ui/load-state.tsx';
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
  const manifest = useManifest(id);
  const { data } = manifest;
  if (data === undefined) return <LoadState query={manifest} title="The manifest could not be loaded" />;
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
