/** Takes one backup with the engine, from the environment (`counts`: without fingerprints), and prints how long it and each phase took, and its size, as JSON. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#lib/core/clock.ts';
import { factsPolicyOf, makeArchive } from '#lib/engine/archive.ts';
import { DEFAULT_VERIFICATION_POLICY } from '#lib/contracts/verification.ts';
import { loadConfig } from '#lib/platform/config.ts';
import { createLogger } from '#lib/platform/logger.ts';

const config = loadConfig();
const phasesMs: Record<string, number> = {};
let phase = '';
let phaseAt = 0;
const enter = (next: string): void => {
  if (next === phase) return;
  const now = performance.now();
  if (phase !== '') phasesMs[phase] = (phasesMs[phase] ?? 0) + now - phaseAt;
  phase = next;
  phaseAt = now;
};
const workDir = mkdtempSync(join(tmpdir(), 'hf-run-'));
try {
  const result = await makeArchive(
    config,
    {
      id: randomUUID(),
      takenAt: new Date(),
      tiers: ['MANUAL'],
      destinations: [config.storage],
      tables: null,
      schemaOnly: false,
      description: null,
      expectedPlainBytes: null,
      factsPolicy: {
        ...factsPolicyOf(DEFAULT_VERIFICATION_POLICY),
        takesFingerprints: process.argv[2] !== 'counts',
      },
    },
    { writing: () => Promise.resolve(), stored: () => Promise.resolve() },
    {
      runId: randomUUID(),
      signal: new AbortController().signal,
      clock: systemClock,
      log: createLogger('warn'),
      workDir,
      progress: (update) => {
        enter(update.phase);
      },
    },
  );
  enter('over');
  process.stdout.write(
    JSON.stringify({ durationMs: result.durationMs, storedBytes: result.stored.bytes, phasesMs }),
  );
} finally {
  rmSync(workDir, { recursive: true, force: true });
}
