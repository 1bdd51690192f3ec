import type { Config, FilesPlace } from '../../platform/config.ts';
import type { Source } from '../source.ts';

export function createFilesSource(_config: Config, place: FilesPlace): Source {
  throw new TypeError(`${place.kind}: not there yet`);
}
