import postgres from 'postgres';
import type { TestPostgres } from './postgres.ts';

/** A client whose process on the server hears no signal, so that nobody can send it away until it is let go. */
export async function stubbornClient(
  server: TestPostgres,
  database: string,
): Promise<{ letGo(): Promise<void> }> {
  const client = postgres(server.url(database).reveal(), { max: 1, fetch_types: false });
  const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
  process.kill(row!.pid, 'SIGSTOP');
  return {
    letGo: async () => {
      process.kill(row!.pid, 'SIGCONT');
      await client.end({ timeout: 1 }).catch(() => undefined);
    },
  };
}
