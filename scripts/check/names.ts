import { type Check, filesOf, textOf } from './source-files.ts';

const code = /^(app|components|lib|db|worker|scripts|bench|tests)\/.*\.(ts|tsx|mjs|cjs)$/;
const kebab = /^_?[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|config|d))?\.(ts|tsx|mjs|cjs)$/;
const hollow = /^(index|utils?|helpers?|common|types?|misc|shared)\.(ts|tsx|mjs|cjs)$/;

/** What a folder's files are called, so that a name tells the reader what to expect. */
const vocabulary: readonly { readonly folder: RegExp; readonly name: RegExp; readonly remedy: string }[] = [
  {
    folder: /^db\/(queries|schema)\/$/,
    name: /^[a-z]+(-[a-z]+)*(?<!s)\.ts$/,
    remedy: 'name it after one noun, in the singular',
  },
  {
    folder: /^app\/api\/.*$/,
    name: /^route\.ts$/,
    remedy: 'only route.ts lives there; put the rest in lib/',
  },
];
const routeLinesMax = 60;

/** File names, folder vocabulary, short routes and no barrels. */
export const names: Check = (root) =>
  filesOf(root, code).flatMap((path) => {
    const cut = path.lastIndexOf('/') + 1;
    const [folder, name] = [path.slice(0, cut), path.slice(cut)];
    const complaints: string[] = [];
    if (hollow.test(name))
      complaints.push(`${path}: the name says nothing of what it holds; name it after that`);
    else if (!kebab.test(name)) complaints.push(`${path}: not kebab-case; rename it`);
    for (const rule of vocabulary) {
      if (rule.folder.test(folder) && !rule.name.test(name))
        complaints.push(`${path}: not a name for this folder; ${rule.remedy}`);
    }
    const text = textOf(root, path);
    if (folder.startsWith('app/') && name === 'route.ts' && text.split('\n').length > routeLinesMax)
      complaints.push(
        `${path}: longer than ${String(routeLinesMax)} lines; a route is parse, may they, service, present`,
      );
    const statements = text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '').trim();
    if (
      statements !== '' &&
      /^(export\s+(type\s+)?(\*|\{[^}]*\})[^;]*\sfrom\s+['"][^'"]+['"];?\s*)+$/.test(statements)
    )
      complaints.push(`${path}: only passes exports on; import from the file that has them`);
    return complaints;
  });
