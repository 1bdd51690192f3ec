import { accidentalDeletion, corruption, databaseLoss } from './database-scenarios.ts';
import type { RunbookNames } from './runbook-names.ts';
import type { Scenario } from './runbook-step.ts';
import { clusterLoss, ransomware, serverFailure } from './server-scenarios.ts';
import { backupSystemFailure, configurationLoss, redisFailure, storageFull } from './system-scenarios.ts';

/** Every scenario with the names of one installation: what /runbook shows and docs/disaster-recovery-runbook.md prints. */
export const scenarios = (names: RunbookNames): readonly Scenario[] => [
  databaseLoss(names),
  serverFailure(names),
  redisFailure(names),
  accidentalDeletion(names),
  corruption(names),
  storageFull(names),
  ransomware(names),
  clusterLoss(names),
  configurationLoss(names),
  backupSystemFailure(names),
];
