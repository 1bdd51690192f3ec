import type { SourceKind } from '../core/source-kind.ts';
import { isThere, withBeside } from '../restore/path-names.ts';
import { surveyTree } from '../restore/survey-tree.ts';
import type { KeptSize } from '../sources/kept-copies.ts';
import type { SourceContext } from '../sources/source.ts';
import type { LeftThing } from '#db/queries/restore-outcome.ts';

/** For all of them; what could not be counted by then has no size. */
const SURVEY_MS = 8_000;

/** Those that are really there. */
export async function sizesOfPaths(
  ctx: SourceContext,
  things: readonly LeftThing[],
  kind: SourceKind,
): Promise<ReadonlyMap<LeftThing, KeptSize>> {
  const until = ctx.clock.now().getTime() + SURVEY_MS;
  const found = new Map<LeftThing, KeptSize>();
  for (const thing of things) {
    if (!(await isThere(thing.name))) continue;
    const limitMs = Math.max(0, until - ctx.clock.now().getTime());
    const { bytes, isCut } = await surveyTree(ctx, withBeside(thing.name, kind), { since: null, limitMs });
    found.set(thing, { sizeBytes: isCut ? null : bytes, connections: 0 });
  }
  return found;
}
