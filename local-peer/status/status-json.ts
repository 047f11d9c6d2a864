import { z } from 'zod';
import type { RequestStatus } from '../bridge/request-status.ts';

/** Version of the form: a reader refuses others. */
const VERSION = 1;

const seconds = z.number().transform((value) => Math.round(value * 1000));
const step = z.object({
  step: z.enum(['accepted', 'sent', 'delivered', 'stored', 'queued', 'handed', 'replied', 'failed', 'expired']),
  at: seconds,
  twin: z.number().optional(),
  relay: z.string().optional(),
  detail: z.string().optional(),
});
const form = z
  .object({
    ver: z.literal(VERSION),
    uid: z.string(),
    ref: z.string().nullable(),
    cmd: z.string(),
    dst: z.array(z.number()),
    until: seconds.nullable(),
    steps: z.array(step),
  })
  .transform(
    ({ uid, ref, cmd, dst, until, steps }): RequestStatus => ({
      uid,
      ref,
      command: cmd,
      destinations: dst,
      until: until ?? undefined,
      steps: steps.map(({ step: name, ...rest }) => ({ name, ...rest })),
    }),
  );

/** Writes a status for programs: times in Unix seconds, with milliseconds. */
export function statusJson({ uid, ref, command, destinations, until, steps }: RequestStatus): object {
  return {
    ver: VERSION,
    uid,
    ref,
    cmd: command,
    dst: destinations,
    until: until === undefined ? null : until / 1000,
    steps: steps.map(({ name, at, ...rest }) => ({ step: name, at: at / 1000, ...rest })),
  };
}

/** Reads what `statusJson` wrote; undefined for any other text. */
export function readStatus(text: string): RequestStatus | undefined {
  try {
    return form.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
