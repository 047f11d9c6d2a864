import { InvalidArgumentError } from 'commander';
import type { Admission } from '../../../client/serving/admission.ts';
import { twins } from '../../config/twin-lists.ts';

/** Reads `--from`. @throws InvalidArgumentError */
export function twinsOf(text: string): ReadonlySet<number> {
  const parsed = twins.safeParse([text]);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('It must be twin ids, for example 7,12.');
}

/** Returns who may call: `--from`, else the daemon's lists. This command is served whether or not it is in `--served`. */
export function admissionOf(daemon: Admission, from: Admission['allow']): Admission {
  const { allow, allowFor, requireCipher = false } = daemon;
  if (from !== undefined) return { allow: from, requireCipher };
  return {
    ...(allow === undefined ? {} : { allow }),
    ...(allowFor === undefined ? {} : { allowFor }),
    requireCipher,
  };
}
