'use client';
import { DownloadOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Button } from 'antd';
import type { BackupRow } from '#lib/contracts/backup.ts';
import { fetchDownload } from '#lib/client/fetch-download.ts';

/** Asks for a link and follows it; a refusal goes to `onProblem`, which shows it where it stays. */
export function DownloadButton({
  row,
  size = 'small',
  onProblem,
}: {
  readonly row: Pick<BackupRow, 'id' | 'filename'>;
  readonly size?: 'small' | 'middle';
  readonly onProblem: (error: unknown) => void;
}) {
  const download = useMutation({
    mutationFn: () => fetchDownload(row.id),
    onMutate: () => {
      onProblem(null);
    },
    onSuccess: ({ url, filename }) => {
      const link = document.createElement('a');
      link.href = url;
      link.download = filename;
      link.rel = 'noopener';
      document.body.append(link);
      link.click();
      link.remove();
    },
    onError: onProblem,
  });
  return (
    <Button
      size={size}
      icon={<DownloadOutlined aria-hidden />}
      loading={download.isPending}
      data-testid="download"
      aria-label={`Download ${row.filename}`}
      onClick={(event) => {
        event.stopPropagation();
        download.mutate();
      }}
    >
      Download
    </Button>
  );
}
