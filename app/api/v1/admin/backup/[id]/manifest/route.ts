import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId } from '#lib/contracts/backup.ts';
import { Manifest } from '#lib/contracts/manifest.ts';
import { route } from '#lib/http/route.ts';
import { getManifest } from '#lib/services/backups.ts';

export const GET = route(
  { can: can.manageBackups, params: z.object({ id: BackupId }), output: Manifest },
  ({ backend }, { params }) => getManifest(backend, params.id),
);
