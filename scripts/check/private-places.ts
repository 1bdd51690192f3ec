import { type Check, filesOf, linesMatching } from './source-files.ts';

const text =
  /\.(ts|tsx|mjs|cjs|js|json|md|sh|sql|ya?ml|css|txt)$|(^|\/)(Dockerfile|\.env\.example|\.npmrc|run)$/;

/** Written in pieces, so that this file does not find itself. */
const places: readonly { readonly pattern: RegExp; readonly complaint: string }[] = [
  {
    pattern: new RegExp(
      String.raw`(^|[\s"'\`(=:])/(${['work', 'home/[a-z]+', 'Users/[A-Za-z]+'].join('|')})(/|\b)`,
    ),
    complaint: 'a path of one machine: "%s"; take it from the environment or a temporary folder',
  },
  {
    pattern: new RegExp(['"resolved', '":'].join('')),
    complaint: 'the lockfile names a registry host; run npm install with omit-lockfile-registry-resolved',
  },
  {
    pattern: new RegExp(
      String.raw`https?://[^\s/"'\`]*(${['registry', 'npmjs', 'artifactory', 'nexus'].join('|')})\.`,
    ),
    complaint: 'a registry host: "%s"; leave it to npm\'s own configuration',
  },
  {
    pattern: new RegExp(['<'.repeat(7), '>'.repeat(7)].map((mark) => `^${mark} `).join('|')),
    complaint: 'a merge was left half done: "%s"; finish it',
  },
];

/** Nothing in the tree may point at one machine or one registry. */
export const privatePlaces: Check = (root) =>
  filesOf(root, text).flatMap((path) =>
    places.flatMap(({ pattern, complaint }) => linesMatching(root, path, pattern, complaint)),
  );
