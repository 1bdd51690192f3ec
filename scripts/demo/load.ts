import { readFile } from 'node:fs/promises';
import postgres from 'postgres';
import type { Secret } from '#lib/core/secret.ts';

/**
 * Fills an empty database with the demo application, in one transaction: an interrupted load leaves it empty. A database
 * that has any table is left as it is. Returns whether it loaded.
 */
export async function loadDemoDatabase(url: Secret): Promise<boolean> {
  const sql = postgres(url.reveal(), { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    return await sql.begin(async (tx) => {
      // Two loads at once: the second waits, then finds the tables.
      await tx`select pg_advisory_xact_lock(hashtext('holdfast-demo'))`;
      const tables = await tx`select 1 from pg_tables where schemaname = 'public' limit 1`;
      if (tables.length > 0) return false;
      for (const file of ['ims-schema.sql', 'ims-data.sql'])
        await tx.unsafe(await readFile(new URL(file, import.meta.url), 'utf8'));
      // Without statistics a backup could not estimate its size.
      await tx`analyze`;
      return true;
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}
