import { AppError } from '../core/errors.ts';

export const noSuchSource = (): AppError =>
  new AppError('not_found', 'there is no source with this id', {
    hint: 'Look in the list of sources for the ids that exist.',
  });
