'use client';
import { useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import { Manifest } from '../contracts/manifest.ts';
import { fetchJson } from './fetch-json.ts';
import { queryKeys } from './query-keys.ts';

/** The document as it is stored, and what this version reads of it. */
const ReadManifest = z.unknown().transform((document, context) => {
  const manifest = Manifest.safeParse(document);
  if (manifest.success) return { document, manifest: manifest.data };
  context.addIssue({ code: 'custom', message: 'not a manifest of format 1' });
  return z.NEVER;
});

/** GET /api/v1/admin/backup/:id/manifest; asks nothing for null. */
export function useManifest(id: string | null) {
  return useQuery({
    queryKey: queryKeys.backups.manifest(id ?? ''),
    queryFn: ({ signal }) =>
      fetchJson(ReadManifest, `/api/v1/admin/backup/${encodeURIComponent(id ?? '')}/manifest`, signal),
    enabled: id !== null,
    staleTime: Infinity,
  });
}
