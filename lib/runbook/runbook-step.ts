import type { RunbookCommands, ScenarioId } from '../contracts/runbook.ts';

export interface RunbookStep {
  /** Unique within its scenario and never changed: ticks are kept by it. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** For a POSIX shell, in order; empty where a person acts. */
  readonly commands: readonly string[];
  /** The command an administrator has not filled in yet. */
  readonly missing?: keyof RunbookCommands;
}

export interface Scenario {
  readonly id: ScenarioId;
  readonly title: string;
  readonly estimate: string;
  readonly symptoms: readonly string[];
  /** What to settle before anything is done. */
  readonly decision: string;
  readonly steps: readonly RunbookStep[];
}
