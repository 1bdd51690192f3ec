import type { Config } from '../../platform/config.ts';
import type { Scratch, ScratchContext, ScratchNeed } from '../source.ts';

export function openFilesScratch(
  _config: Config,
  _ctx: ScratchContext,
  need: ScratchNeed,
): Promise<Scratch | null> {
  throw new TypeError(`${need.manifest.source.kind}: not there yet`);
}
