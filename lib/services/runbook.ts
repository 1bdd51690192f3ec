import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import { runbookReview } from '../core/runbook-review.ts';
import {
  REVIEW_PERIOD_DAYS,
  ScenarioId,
  type Incident,
  type RunbookResponse,
  type StartIncidentRequest,
  type TickRequest,
} from '../contracts/runbook.ts';
import { ENVIRONMENT_SOURCE_ID } from '../contracts/source.ts';
import { EXAMPLE_NAMES } from '../runbook/runbook-names.ts';
import { scenarios } from '../runbook/scenarios.ts';
import type { Backend } from '#db/backend.ts';
import type { Tx } from '#db/client.ts';
import { addAuditEntry } from '#db/queries/audit.ts';
import { catalogueNow, findCopies, findNewestGood, findNewestProven } from '#db/queries/backup.ts';
import {
  deleteTick,
  findIncident,
  finishIncident as finishIncidentRow,
  firstUserAt,
  insertIncident,
  insertTick,
  listIncidents,
  lockIncident,
  type IncidentRecord,
} from '#db/queries/incident.ts';
import { readConsoleSettings } from '#db/queries/setting.ts';
import { toBackupRow } from './backup-row.ts';
import { describeInstallation } from './settings.ts';

const INCIDENTS_SHOWN = 20;

const toIncident = ({ ticks, startedAt, finishedAt, scenario, ...rest }: IncidentRecord): Incident => ({
  id: rest.id,
  scenario: ScenarioId.parse(scenario),
  startedAt: startedAt.toISOString(),
  startedBy: rest.startedBy,
  finishedAt: finishedAt?.toISOString() ?? null,
  finishedBy: rest.finishedBy,
  ticks: ticks.map(({ stepId, at, by }) => ({ stepId, at: at.toISOString(), by })),
});

/** All that the page needs, of the environment's own source, for every signed-in person: in an emergency nobody asks for a role. */
export async function readRunbook(backend: Backend): Promise<RunbookResponse> {
  const { db, config } = backend;
  const [now, settings, proven, good, incidents, sinceAt] = await Promise.all([
    catalogueNow(db),
    readConsoleSettings(db),
    findNewestProven(db, ENVIRONMENT_SOURCE_ID),
    findNewestGood(db, ENVIRONMENT_SOURCE_ID),
    listIncidents(db, INCIDENTS_SHOWN),
    firstUserAt(db),
  ]);
  const { source, localPath, s3 } = describeInstallation(config);
  const newest = proven ?? good;
  const copies = newest === null ? [] : await findCopies(db, newest.id);
  const keyAt = (wanted: string): string | null =>
    copies.find(({ destination, status }) => destination === wanted && status === 'STORED')?.key ?? null;
  return {
    source,
    localPath,
    s3,
    rpoHours: settings.rpoHours,
    rtoMinutes: settings.rtoMinutes,
    emergencyContacts: settings.emergencyContacts,
    settings: settings.runbook,
    review: runbookReview(settings.runbook.review.lastReviewedOn, sinceAt, now, REVIEW_PERIOD_DAYS),
    backup:
      newest === null
        ? null
        : {
            row: toBackupRow(newest),
            isProven: proven !== null,
            localKey: keyAt('local'),
            s3Key: keyAt('s3'),
          },
    incidents: incidents.map(toIncident),
  };
}

async function see(backend: Backend, id: string): Promise<Incident> {
  const record = await findIncident(backend.db, id);
  if (record === null) throw noSuchIncident();
  return toIncident(record);
}

const noSuchIncident = (): AppError => new AppError('not_found', 'there is no such incident');

/** Throws `locked` where this scenario is being worked through already: one list, so that each sees what the others did. */
export async function startIncident(
  backend: Backend,
  actor: Actor,
  { scenario }: StartIncidentRequest,
): Promise<Incident> {
  const id = await backend.db.transaction(async (tx) => {
    const made = await insertIncident(tx, scenario, actor.name);
    if (made === null) {
      throw new AppError('locked', 'this scenario is being worked through already', {
        hint: 'Open it and go on there, or finish it first.',
      });
    }
    await addAuditEntry(tx, actor, 'incident.start', made, { scenario });
    return made;
  });
  return see(backend, id);
}

async function lockOpen(tx: Tx, id: string): Promise<{ readonly scenario: ScenarioId }> {
  const row = await lockIncident(tx, id);
  if (row === null) throw noSuchIncident();
  if (row.finishedAt !== null) {
    throw new AppError('conflict', 'this incident is finished', {
      hint: 'Its list stays as it is; start the scenario again for a new one.',
    });
  }
  return { scenario: ScenarioId.parse(row.scenario) };
}

/** Ticks a step or takes the tick back. Safe to repeat: the first one's name and instant stay. */
export async function tickStep(
  backend: Backend,
  actor: Actor,
  id: string,
  { stepId, isDone }: TickRequest,
): Promise<Incident> {
  await backend.db.transaction(async (tx) => {
    const { scenario } = await lockOpen(tx, id);
    const steps = scenarios(EXAMPLE_NAMES).find((each) => each.id === scenario)?.steps ?? [];
    if (!steps.some((step) => step.id === stepId)) {
      throw new AppError('invalid', 'this scenario has no such step', { fields: { stepId } });
    }
    const isChanged = isDone
      ? await insertTick(tx, id, stepId, actor.name)
      : await deleteTick(tx, id, stepId);
    if (isChanged)
      await addAuditEntry(tx, actor, isDone ? 'incident.tick' : 'incident.untick', id, { scenario, stepId });
  });
  return see(backend, id);
}

/** Its list can no longer be changed, and stays. */
export async function finishIncident(backend: Backend, actor: Actor, id: string): Promise<Incident> {
  await backend.db.transaction(async (tx) => {
    const { scenario } = await lockOpen(tx, id);
    await finishIncidentRow(tx, id, actor.name);
    await addAuditEntry(tx, actor, 'incident.finish', id, { scenario });
  });
  return see(backend, id);
}
