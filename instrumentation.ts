/** Runs once in each web process, before its first request. */
export async function register(): Promise<void> {
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return;
  const { prepareWebProcess } = await import('./lib/http/web-process.ts');
  prepareWebProcess();
}
