import type { Config } from '../platform/config.ts';
import { createLocalStorage } from './local/local-storage.ts';
import type { StorageKind } from './registry.ts';
import type { Storage } from './storage.ts';

/**
 * `openStorage` for a process that opens one storage and ends: loads S3's client, which takes longer than opening a small
 * archive, only where it is needed.
 */
export async function loadStorage(config: Config, destination: StorageKind): Promise<Storage> {
  if (destination === 'local') return createLocalStorage(config.localPath);
  const { openStorage } = await import('./registry.ts');
  return openStorage(config, destination);
}
