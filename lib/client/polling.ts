/** How often a page asks again. TanStack Query pauses all of these while the tab is hidden. */
export const POLL_RUNNING_MS = 1_000;
export const POLL_IDLE_MS = 15_000;
/** After a failure: soon enough to recover by itself, slow enough not to hammer a server in trouble. */
export const POLL_FAILED_MS = 5_000;
