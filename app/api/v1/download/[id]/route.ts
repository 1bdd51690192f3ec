import { z } from 'zod';
import { BackupId } from '#lib/contracts/backup.ts';
import { LENGTH_HEADER } from '#lib/http/length-header.ts';
import { invalidInput } from '#lib/http/problem.ts';
import { respond } from '#lib/http/respond.ts';
import { openDownload } from '#lib/services/download.ts';

const Link = z.object({
  id: BackupId,
  expires: z
    .string()
    .regex(/^\d{1,12}$/, 'must be whole seconds')
    .transform(Number),
  signature: z.string().min(1).max(100),
});

/** The signature is the permission: no session, no token. */
const handler = (
  request: Request,
  context: { readonly params: Promise<{ readonly id: string }> },
): Promise<Response> =>
  respond(request, async ({ backend, requestId }) => {
    const { searchParams } = new URL(request.url);
    const link = Link.safeParse({
      id: (await context.params).id,
      expires: searchParams.get('expires') ?? '',
      signature: searchParams.get('signature') ?? '',
    });
    if (!link.success) throw invalidInput(link.error);
    const response = await openDownload(backend, link.data.id, link.data, request);
    response.headers.set('X-Request-Id', requestId);
    const length = response.headers.get('Content-Length');
    if (length !== null) response.headers.set(LENGTH_HEADER, length);
    return response;
  });

export { handler as GET, handler as HEAD };
