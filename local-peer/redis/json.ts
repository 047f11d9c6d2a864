import { z } from 'zod';
import type { PeerFault } from '../../client/errors.ts';
import { parseAddress } from '../../proto/envelope/address.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { CommandEntry, LocalResponse, ProgramRequest, ReplyEntry } from '../bridge/messages.ts';
import { isOwnKey } from './queues.ts';

/** Without groups: their repetition would overflow on a payload of megabytes. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const U32_MAX = 0xffff_ffff;
/** As uids: without dots, and too long for a command's queue beside it. */
const STATUS_NAME = /^[\w-]{16,64}$/;
const STATUS = 'true, or a name of 16 to 64 letters, digits, - and _';
/** More destinations than this are a mistake: each one is an envelope. */
const MAX_DESTINATIONS = 1024;

/** Error texts of fields: Zod's own must not reach programs. */
const must = (be: string) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : `must be ${be}`),
});
const SECONDS = 'a whole number of seconds, 0 or more';
const TWINS = `a list of 1 to ${MAX_DESTINATIONS} twin ids`;

/** Up to the largest exact JSON number, which is as good as for ever. */
const seconds = z
  .number(must(SECONDS))
  .min(0, must(SECONDS))
  .max(Number.MAX_SAFE_INTEGER, must(SECONDS))
  .refine(Number.isInteger, must(SECONDS));
const version = z.number(must('a number'));
const text = z.string(must('text'));
const optionalText = z
  .string(must('text or null'))
  .nullish()
  .transform((value) => value ?? null);
const u32 = (what: string) => z.number(must(what)).int(must(what)).min(0, must(what)).max(U32_MAX, must(what));
const code = 'a whole number from 0 to 4294967295';

const flag = z
  .boolean(must('true or false'))
  .nullish()
  .transform((value) => value ?? false);

const request = z.object(
  {
    ver: version,
    ref: optionalText,
    cmd: text,
    exp: seconds,
    dat: text,
    tag: optionalText,
    dst: z.array(u32('a twin id'), must(TWINS)).min(1, must(TWINS)).max(MAX_DESTINATIONS, must(TWINS)),
    // The peer would read a reply in its own list as a program's entry.
    ret: text.refine((queue) => !isOwnKey(queue), { error: "must not be a list of the peer's own" }),
    shm: optionalText,
    now: seconds,
    sts: z
      .union([z.literal(true), z.string().regex(STATUS_NAME)], must(STATUS))
      .nullish()
      .transform((value) => value ?? null),
    stream: flag,
  },
  must('a JSON object'),
);

const response = z.object(
  {
    ver: version,
    ref: optionalText,
    dat: text,
    dst: text,
    shm: optionalText,
    now: seconds,
    err: z
      .object({ code: u32(code), message: text }, must('an object with code and message, or null'))
      .nullish()
      .transform((value) => value ?? null),
    more: flag,
    seq: u32(code).nullish(),
  },
  must('a JSON object'),
);

/** The part of a malformed request that is needed for a reply. */
const answerable = z.object({
  ret: z
    .string()
    .min(1)
    .refine((queue) => !isOwnKey(queue)),
  ref: optionalText.catch(null),
});

/** A refused entry: the fault, and where a reply can go if the entry names a queue. */
export interface BadEntry {
  readonly fault: PeerFault;
  readonly replyTo?: { readonly queue: string; readonly ref: string | null };
}

/** Reads an entry of `msgbus.system.local`. */
export function readRequest(entry: string): Result<ProgramRequest, BadEntry> {
  const json = parseJson(entry);
  const parsed = request.safeParse(json);
  const refused = (fault: PeerFault) => err({ fault, ...replyToOf(json) });
  if (!parsed.success) return refused({ reason: 'message', detail: describe(json, parsed.error) });
  const { ref, cmd, exp, dat, tag, dst, ret, shm, now, sts, stream } = parsed.data;
  if (!isBase64(dat)) return refused({ reason: 'payload', detail: 'dat is not base64' });
  return ok({
    ref,
    command: cmd,
    expiration: exp,
    data: Buffer.from(dat, 'base64'),
    tags: tag,
    destinations: dst,
    replyTo: ret,
    schema: shm,
    now,
    isStream: stream,
    ...(sts === null ? {} : { status: sts }),
  });
}

/** Reads an entry of `msgbus.system.reply`. */
export function readResponse(entry: string): Result<LocalResponse, BadEntry> {
  const json = parseJson(entry);
  const parsed = response.safeParse(json);
  if (!parsed.success) return err({ fault: { reason: 'message', detail: describe(json, parsed.error) } });
  const { ref, dat, dst, shm, now, err: error, more, seq = null } = parsed.data;
  const destination = parseAddress(dst);
  if (destination === undefined)
    return err({ fault: { reason: 'message', detail: 'dst: must be a twin, as 7 or 7:session' } });
  if (!isBase64(dat)) return err({ fault: { reason: 'payload', detail: 'dat is not base64' } });
  if (more && seq === null) return err({ fault: { reason: 'message', detail: 'seq: is missing, beside more' } });
  const part = seq === null ? undefined : { seq, isLast: !more };
  return ok({ ref, data: Buffer.from(dat, 'base64'), destination, schema: shm, now, error, part });
}

/**
 * Returns an entry for a service's queue: all fields of the Rust peer in its order, then `enc`.
 * @param stream the key with the credit of its caller, who takes several replies; absent when it takes one
 */
export function writeCommand(entry: CommandEntry, ret: string, stream?: string): string {
  return JSON.stringify({
    ver: 1,
    ref: entry.uid,
    src: entry.source,
    cmd: entry.command,
    exp: entry.expiration,
    dat: Buffer.from(entry.data).toString('base64'),
    tag: entry.tags,
    ret,
    shm: entry.schema,
    now: entry.now,
    enc: entry.isEncrypted,
    stream,
  });
}

/** Returns an entry for a program's reply queue, in the Rust peer's form. */
export function writeReply(entry: ReplyEntry): string {
  return JSON.stringify({
    ver: 1,
    ref: entry.ref,
    dat: Buffer.from(entry.data).toString('base64'),
    src: entry.source,
    shm: entry.schema,
    now: entry.now,
    err: entry.error,
    ...(entry.part === undefined ? {} : { more: !entry.part.isLast, seq: entry.part.seq }),
  });
}

/** Returns where a reply to a malformed request can go, if it names a queue. */
function replyToOf(json: unknown): Pick<BadEntry, 'replyTo'> {
  const { success, data } = answerable.safeParse(json);
  return success ? { replyTo: { queue: data.ret, ref: data.ref } } : {};
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64.test(text);
}

function parseJson(entry: string): unknown {
  try {
    return JSON.parse(entry);
  } catch {
    return undefined;
  }
}

/** Describes the first wrong field of an entry. */
function describe(json: unknown, error: z.ZodError): string {
  if (json === undefined) return 'not JSON';
  const [issue] = error.issues;
  if (issue === undefined) return 'entry: not understood';
  return `${issue.path.join('.') || 'entry'}: ${issue.message}`;
}
