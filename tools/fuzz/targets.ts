import type { Target } from './target.ts';
import { answers } from './targets/answers.ts';
import { batches } from './targets/batches.ts';
import { commands } from './targets/commands.ts';
import { configuration } from './targets/configuration.ts';
import { entries } from './targets/entries.ts';
import { envelopes } from './targets/envelopes.ts';
import { federation } from './targets/federation.ts';
import { heads } from './targets/heads.ts';
import { records } from './targets/records.ts';
import { seals } from './targets/seals.ts';
import { tokens } from './targets/tokens.ts';

/** All readers that run in this process. HTTP needs a relay and is apart. */
export const TARGETS: readonly Target[] = [
  envelopes,
  heads,
  seals,
  tokens,
  federation,
  batches,
  entries,
  commands,
  answers,
  records,
  configuration,
];
