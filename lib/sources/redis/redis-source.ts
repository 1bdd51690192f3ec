import type { Config, RedisPlace } from '../../platform/config.ts';
import type { Source } from '../source.ts';

export function createRedisSource(_config: Config, place: RedisPlace): Source {
  throw new TypeError(`${place.kind}: not there yet`);
}
