import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import { BackupId, DownloadResponse } from '#lib/contracts/backup.ts';
import { originOf } from '#lib/http/origin.ts';
import { route } from '#lib/http/route.ts';
import { createDownload } from '#lib/services/download.ts';

/** A browser that was sent here wants the file itself; a program wants to know the link. */
const prefersPage = (request: Request): boolean => {
  const accept = request.headers.get('accept') ?? '';
  const html = accept.indexOf('text/html');
  const json = accept.indexOf('application/json');
  return html !== -1 && (json === -1 || html < json);
};

export const GET = route(
  {
    can: can.manageBackups,
    params: z.object({ id: BackupId }),
    query: z.strictObject({ redirect: z.literal('1').optional() }),
    output: DownloadResponse,
  },
  async ({ backend, actor, request }, { params, query }) => {
    const download = await createDownload(backend, actor, params.id, originOf(request, backend.config));
    if (query.redirect !== '1' && !prefersPage(request)) return download;
    return new Response(null, {
      status: 302,
      headers: { Location: download.url, 'Cache-Control': 'private, no-store' },
    });
  },
);
