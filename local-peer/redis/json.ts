import { z } from 'zod';
import { parseAddress } from '../../proto/address.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { PeerFault } from '../faults.ts';
import type { CommandEntry, LocalRequest, LocalResponse, ReplyEntry } from '../messages.ts';

/** Without groups: their repetition would overflow on a payload of megabytes. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** An unsigned number of seconds; larger than JSON numbers are exact is as good as for ever. */
const seconds = z.number().min(0).max(Number.MAX_SAFE_INTEGER).refine(Number.isInteger, 'must be a whole number');
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const u32 = z.number().int().min(0).max(0xffff_ffff);

const request = z.object({
  ver: z.number(),
  ref: text,
  cmd: z.string(),
  exp: seconds,
  dat: z.string(),
  tag: text,
  dst: z.array(u32).max(1024),
  ret: z.string(),
  shm: text,
  now: seconds,
});

const response = z.object({
  ver: z.number(),
  ref: text,
  dat: z.string(),
  dst: z.string(),
  shm: text,
  now: seconds,
  err: z
    .object({ code: u32, message: z.string() })
    .nullish()
    .transform((value) => value ?? null),
});

/** Enough of a broken request to answer it. */
const answerable = z.object({ ret: z.string().min(1), ref: text.catch(null) });

/** A refused entry: why, and where an answer can be left when the entry says so. */
export interface BadEntry {
  readonly fault: PeerFault;
  readonly replyTo?: { readonly queue: string; readonly ref: string | null };
}

/** Reads an entry of `msgbus.system.local`. */
export function readRequest(entry: string): Result<LocalRequest, BadEntry> {
  const json = parseJson(entry);
  const parsed = request.safeParse(json);
  const refused = (fault: PeerFault) => err({ fault, ...replyToOf(json) });
  if (!parsed.success) return refused({ reason: 'message', detail: describe(json, parsed.error) });
  const { ref, cmd, exp, dat, tag, dst, ret, shm, now } = parsed.data;
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
  });
}

/** Reads an entry of `msgbus.system.reply`. */
export function readResponse(entry: string): Result<LocalResponse, BadEntry> {
  const json = parseJson(entry);
  const parsed = response.safeParse(json);
  if (!parsed.success) return err({ fault: { reason: 'message', detail: describe(json, parsed.error) } });
  const { ref, dat, dst, shm, now, err: error } = parsed.data;
  const destination = parseAddress(dst);
  if (destination === undefined)
    return err({ fault: { reason: 'message', detail: `dst: '${dst.slice(0, 64)}' is no twin` } });
  if (!isBase64(dat)) return err({ fault: { reason: 'payload', detail: 'dat is not base64' } });
  return ok({ ref, data: Buffer.from(dat, 'base64'), destination, schema: shm, now, error });
}

/** An entry for a service's queue: all fields there, in the Rust peer's order. */
export function writeCommand(entry: CommandEntry, ret: string): string {
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
  });
}

/** An entry for a program's reply queue, likewise. */
export function writeReply(entry: ReplyEntry): string {
  return JSON.stringify({
    ver: 1,
    ref: entry.ref,
    dat: Buffer.from(entry.data).toString('base64'),
    src: entry.source,
    shm: entry.schema,
    now: entry.now,
    err: entry.error,
  });
}

/** Where a broken request can be answered, if it says so. */
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

function describe(json: unknown, error: z.ZodError): string {
  if (json === undefined) return 'not JSON';
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'entry'}: ${issue?.message ?? 'not understood'}`;
}
