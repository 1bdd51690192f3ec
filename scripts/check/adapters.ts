import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, filesOf } from './source-files.ts';

const rings = [
  { folder: 'storage', suffix: 'storage' },
  { folder: 'sources', suffix: 'source' },
] as const;

/** Every adapter lies where its kind says; where a registry has more than one, each runs the contract they share. */
export const adapters: Check = (root) =>
  rings.flatMap(({ folder, suffix }) => {
    const kinds = new Set(
      filesOf(root, new RegExp(`^lib/${folder}/[^/]+/`)).flatMap((path) => path.split('/')[2] ?? []),
    );
    return [...kinds].flatMap((kind) => {
      const adapter = `lib/${folder}/${kind}/${kind}-${suffix}.ts`;
      const test = `tests/contract/${kind}-${suffix}.test.ts`;
      return [
        ...(existsSync(join(root, adapter))
          ? []
          : [`${adapter}: is not there; the folder's ${suffix} belongs in it`]),
        ...(kinds.size < 2 || existsSync(join(root, test))
          ? []
          : [`lib/${folder}/${kind}: has no contract test; write ${test} around ${suffix}.contract.ts`]),
      ];
    });
  });
