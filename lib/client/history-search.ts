import type { BackupStatus, ProofState, SORT_FIELDS, Tier } from '../contracts/backup.ts';

/** What the history shows: the state kept in the URL. Days are local calendar days, `YYYY-MM-DD`, both inclusive. */
export interface HistorySearch {
  readonly page: number;
  readonly limit: (typeof PAGE_SIZES)[number];
  /** A source's id. */
  readonly source: string | null;
  readonly type: Tier | null;
  readonly status: BackupStatus | null;
  readonly proof: ProofState | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly sort: (typeof SORT_FIELDS)[number];
  readonly order: 'asc' | 'desc';
}

export const PAGE_SIZES = [20, 50, 100, 200] as const;

export const DEFAULT_HISTORY_SEARCH: HistorySearch = {
  page: 1,
  limit: 20,
  source: null,
  type: null,
  status: null,
  proof: null,
  from: null,
  to: null,
  sort: 'createdAt',
  order: 'desc',
};

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
/** A local calendar day as an instant: its first or its last millisecond. Null for text that is no day. */
function instantOfDay(day: string | null, end: boolean): string | null {
  if (day === null || !dayPattern.test(day)) return null;
  const at = new Date(`${day}T${end ? '23:59:59.999' : '00:00:00.000'}`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** The query string for GET …/backup/history; what equals the server's default is left out. */
export function historyParams(search: HistorySearch): string {
  const params = new URLSearchParams();
  if (search.page !== 1) params.set('page', String(search.page));
  params.set('limit', String(search.limit));
  if (search.source !== null) params.set('source', search.source);
  if (search.type !== null) params.set('type', search.type);
  if (search.status !== null) params.set('status', search.status);
  if (search.proof !== null) params.set('proof', search.proof);
  const from = instantOfDay(search.from, false);
  const to = instantOfDay(search.to, true);
  if (from !== null) params.set('from', from);
  if (to !== null) params.set('to', to);
  params.set('sort', search.sort);
  params.set('order', search.order);
  return params.toString();
}

export const isFiltered = (search: HistorySearch): boolean =>
  search.source !== null ||
  search.type !== null ||
  search.status !== null ||
  search.proof !== null ||
  search.from !== null ||
  search.to !== null;
