/**
 * How a worker is started (package.json and docker-compose.yml say the same; a test holds them to it). What passes through one
 * is garbage at once; all of this keeps it from piling up (docs/adr/0026).
 */
export const WORKER_COMMAND = {
  nodeArgs: [
    // Without it an idle worker takes up to 25 MB more.
    '--max-semi-space-size=1',
    // Without it tens of MB of dead chunks lie about until V8 searches its whole heap for them, again and again: a backup
    // to S3 adds up to 70 MB instead of 40 MB, and costs the worker twice the processor time.
    '--scavenger-max-new-space-capacity-mb=1',
  ],
  script: 'worker/main.ts',
  // Without it freed parts of an upload stay with the allocator.
  env: { MALLOC_ARENA_MAX: '2' },
} as const;
