'use server';

import { z } from 'zod';
import { can } from '#lib/auth/can.ts';
import type { ActionResult } from '#lib/contracts/problem.ts';
import {
  SourceCreate,
  SourceId,
  DiscoverRequest,
  SourceProbeRequest,
  SourceUpdate,
  type DiscoveredDatabases,
  type Source,
  type SourceProbeAnswer,
} from '#lib/contracts/source.ts';
import { runAction } from '#lib/http/action.ts';
import { discoverDatabases, testAddress, testSource } from '#lib/services/source-questions.ts';
import { createSource, setSourceEnabled, updateSource } from '#lib/services/sources.ts';

export async function createSourceAction(input: SourceCreate): Promise<ActionResult<Source>> {
  return runAction({ can: can.manageSources, input: SourceCreate }, input, createSource);
}

export async function updateSourceAction(id: string, input: SourceUpdate): Promise<ActionResult<Source>> {
  return runAction(
    { can: can.manageSources, input: z.object({ id: SourceId, changes: SourceUpdate }) },
    { id, changes: input },
    (backend, actor, { id: sourceId, changes }) => updateSource(backend, actor, sourceId, changes),
  );
}

export async function setSourceEnabledAction(id: string, isEnabled: boolean): Promise<ActionResult<Source>> {
  return runAction(
    { can: can.manageSources, input: z.object({ id: SourceId, isEnabled: z.boolean() }) },
    { id, isEnabled },
    (backend, actor, input) => setSourceEnabled(backend, actor, input.id, input.isEnabled),
  );
}

/** As it is saved. */
export async function testSourceAction(id: string): Promise<ActionResult<SourceProbeAnswer>> {
  return runAction(
    { can: can.manageSources, input: z.object({ id: SourceId }) },
    { id },
    (backend, actor, input) => testSource(backend, actor, input.id),
  );
}

/** As it stands in the form. */
export async function testAddressAction(input: SourceProbeRequest): Promise<ActionResult<SourceProbeAnswer>> {
  return runAction({ can: can.manageSources, input: SourceProbeRequest }, input, testAddress);
}

export async function discoverDatabasesAction(
  input: DiscoverRequest,
): Promise<ActionResult<DiscoveredDatabases>> {
  return runAction({ can: can.manageSources, input: DiscoverRequest }, input, discoverDatabases);
}
