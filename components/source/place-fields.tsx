'use client';
import type { SourceKind } from '#lib/core/source-kind.ts';
import { ConnectionFields } from './connection-fields.tsx';
import { FilesFields } from './files-fields.tsx';
import { PathField } from './path-field.tsx';
import { RedisFields } from './redis-fields.tsx';

/** What the section that holds them is called. */
export const placeTitle: Record<SourceKind, string> = {
  postgres: 'Connection',
  files: 'Where they are',
  sqlite: 'Where it is',
  redis: 'Connection',
};

/** Where a source of a kind is; inside the form of a source. */
export function PlaceFields({
  kind,
  hasPassword,
  isEncrypted,
}: {
  readonly kind: SourceKind;
  /** One is kept. */
  readonly hasPassword: boolean;
  /** The installation encrypts its archives. */
  readonly isEncrypted: boolean;
}) {
  switch (kind) {
    case 'postgres':
      return <ConnectionFields hasPassword={hasPassword} />;
    case 'files':
      return <FilesFields isEncrypted={isEncrypted} />;
    case 'sqlite':
      return (
        <PathField
          label="Path of the database file"
          placeholder="/volumes/app/app.db"
          extra="As the worker sees it. The application may go on writing: SQLite’s own online backup takes a consistent copy. The worker needs as much free room in its data folder as the file takes."
        />
      );
    case 'redis':
      return <RedisFields hasPassword={hasPassword} />;
  }
}
