import { DatabaseOutlined, FileOutlined, FolderOutlined, KeyOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { kindWord } from '#lib/client/source-words.ts';

const icons: Record<SourceKind, ReactNode> = {
  postgres: <DatabaseOutlined aria-hidden />,
  files: <FolderOutlined aria-hidden />,
  sqlite: <FileOutlined aria-hidden />,
  redis: <KeyOutlined aria-hidden />,
};

/** What a source is called, with the sign of what it is. */
export function SourceMark({ kind, children }: { readonly kind: SourceKind; readonly children: ReactNode }) {
  return (
    <span className="hf-kind" data-kind={kind} title={kindWord[kind]}>
      {icons[kind]} <span className="hf-visually-hidden">{kindWord[kind]}: </span>
      <span className="hf-kind-name">{children}</span>
    </span>
  );
}

/** What a source is: a sign and its word. */
export function KindMark({ kind }: { readonly kind: SourceKind }) {
  return (
    <span className="hf-kind" data-kind={kind}>
      {icons[kind]} {kindWord[kind]}
    </span>
  );
}
