import type { Config } from '../../platform/config.ts';
import type { PathCopy } from '../source.ts';

export function createRedisCopy(_config: Config): PathCopy {
  throw new TypeError('not there yet');
}
