import type { Backend } from '#db/backend.ts';
import { findSources } from '#db/queries/source.ts';
import { AppError } from '#lib/core/errors.ts';
import type { Option, Values } from './command.ts';

export const sourceOption: Option = {
  type: 'string',
  value: 'NAME',
  help: 'of this source, as the console names it',
};

/** The id of the source that `--source` names; null where it is left out. Throws `not_found` for a name that is none. */
export async function namedSource({ db }: Backend, values: Values): Promise<string | null> {
  const name = values['source'];
  if (typeof name !== 'string') return null;
  const sources = await findSources(db);
  const found = sources.find((source) => source.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found.id;
  throw new AppError('not_found', `there is no source named ${name}`, {
    hint: `There are: ${sources.map((source) => source.name).join(', ')}.`,
  });
}
