'use client';

/** Within the console, which stays usable around it. */
export { FailedPage as default } from '#components/ui/failed-page.tsx';
