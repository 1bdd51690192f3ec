/** The web process runs; nothing else is asked. */
export const GET = (): Response =>
  Response.json({ status: 'live' }, { headers: { 'Cache-Control': 'no-store' } });

export const dynamic = 'force-dynamic';
