import { sql } from 'drizzle-orm';
import { index, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';

/** A scenario of the runbook being worked through, or that was. */
export const incidents = pgTable(
  'incidents',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    scenario: text('scenario').notNull(),
    startedAt: timestamp('started_at', { withTimezone: true }).notNull().defaultNow(),
    startedBy: text('started_by').notNull(),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
    finishedBy: text('finished_by'),
  },
  (table) => [
    index('incidents_started_at').on(table.startedAt, table.id),
    // Two people who begin at once work on one list, or neither sees what the other did.
    uniqueIndex('incidents_in_progress')
      .on(table.scenario)
      .where(sql`finished_at is null`),
  ],
);

/** Who did which step, and when. */
export const incidentTicks = pgTable(
  'incident_ticks',
  {
    incidentId: uuid('incident_id')
      .notNull()
      .references(() => incidents.id),
    stepId: text('step_id').notNull(),
    at: timestamp('at', { withTimezone: true }).notNull().defaultNow(),
    by: text('by').notNull(),
  },
  (table) => [primaryKey({ columns: [table.incidentId, table.stepId] })],
);
