import { DownloadResponse } from '../contracts/backup.ts';
import { fetchJson } from './fetch-json.ts';

/** Asks for a link that works for 15 minutes. Asked at the click, never ahead: each link is audited. */
export function fetchDownload(id: string): Promise<DownloadResponse> {
  return fetchJson(
    DownloadResponse,
    `/api/v1/admin/backup/${encodeURIComponent(id)}/download`,
    new AbortController().signal,
  );
}
