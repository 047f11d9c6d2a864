import { type Address, formatAddress } from '../../proto/address.ts';
import type { Envelope } from '../../proto/envelope.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import { faultError } from '../faults.ts';
import { plain } from '../plain.ts';
import { freshUid } from '../uid.ts';
import { CommandFailure } from './failure.ts';
import { JSON_SCHEMA } from './schema.ts';
import type { Session } from './session.ts';
import { nameOf } from './target.ts';

/** A request as a command makes it. */
export interface Request {
  readonly to: Address;
  readonly command: string;
  readonly data: Uint8Array;
  /** What the payload is; Go services answer nothing but `application/json`. */
  readonly schema: string | undefined;
  /** How long an answer is waited for, seconds. */
  readonly seconds: number;
  /** Whether the relay shall refuse at once what it cannot deliver at once. */
  readonly failFast?: boolean;
}

/** The response of the asked twin, decrypted. */
interface Response {
  readonly kind: 'response';
  readonly data: Uint8Array;
  readonly schema: string | undefined;
}

/** The error that the asked twin sent in place of a response. */
interface ErrorReply {
  readonly kind: 'error';
  readonly code: number;
  readonly message: string;
}

/** A verified reply of the asked twin. An error is a reply, too: whoever signed it is there. */
export type Reply = (Response | ErrorReply) & {
  /** `TWIN` or `TWIN:SID` of whoever replied. */
  readonly source: string;
};

/** A reply, and how long it took from the moment of the request, ms. */
export type Timed<T> = T & { readonly ms: number };

interface Waiting {
  readonly to: Address;
  /** Of our request, once it is sealed. */
  seal: string | undefined;
  end(outcome: Result<Reply, CommandFailure>): void;
  /** An answer came that could not be believed. */
  doubt(why: string): void;
}

/** Asks twins, and finds the answers that belong to its questions. */
export class Caller {
  readonly #session: Session;
  readonly #waiting = new Map<string, Waiting>();

  constructor(session: Session) {
    this.#session = session;
    session.listen({
      receive: (envelope) => this.#receive(envelope),
      refused: ({ uid }, failure) => this.#waiting.get(uid)?.end(err(failure)),
    });
  }

  /** Sends a request. Resolves with the verified reply, or with why there is none. */
  async ask(request: Request): Promise<Result<Timed<Reply>, CommandFailure>> {
    const { to, command, data, schema, seconds, failFast } = request;
    const uid = freshUid();
    const began = performance.now();
    const doubts: string[] = [];
    const { promise, resolve } = Promise.withResolvers<Result<Reply, CommandFailure> | 'late'>();
    const timer = setTimeout(() => resolve('late'), seconds * 1000);
    const waiting: Waiting = { to, seal: undefined, end: resolve, doubt: (why) => doubts.push(why) };
    this.#waiting.set(uid, waiting);
    // Envelopes count whole seconds, and the one in which they end no longer: an answer at the last moment still counts.
    const life = Math.ceil(seconds) + 1;
    const sending = this.#session.send(
      {
        uid,
        timestamp: BigInt(this.#session.clock.seconds()),
        expiration: BigInt(life),
        destination: to,
        content: { kind: 'request', command },
        payload: { kind: 'plain', bytes: data },
        ...(schema === undefined ? {} : { schema }),
        ...(failFast === true ? { tags: 'fail-fast' } : {}),
      },
      life,
      (seal) => {
        waiting.seal = seal;
      },
    );
    void sending.then((sent) => {
      if (!sent.ok) resolve(sent);
    });
    const outcome = await promise;
    clearTimeout(timer);
    this.#waiting.delete(uid);
    if (outcome === 'late') return err(await this.#late(request, doubts));
    return outcome.ok ? ok({ ...outcome.value, ms: performance.now() - began }) : outcome;
  }

  async #late({ to, command, schema, seconds, failFast }: Request, doubts: readonly string[]): Promise<CommandFailure> {
    const [doubt] = doubts;
    if (doubt !== undefined) return new CommandFailure('unverified', `${nameOf(to)} answered, but ${doubt}`);
    const causes = [
      ...(failFast === true ? [] : ['be offline (check with --fail-fast)']),
      `not serve '${command}'`,
      ...(schema === JSON_SCHEMA ? [] : [`take nothing but ${JSON_SCHEMA} (--schema)`]),
      'be slow (raise --timeout)',
    ];
    const why = `the relay accepted the request. The twin may ${causes.slice(0, -1).join(', ')}, or ${causes.at(-1)}`;
    const misplaced = await this.#session.misplaced();
    const astray = misplaced === undefined ? '' : `. Besides, ${misplaced}`;
    return new CommandFailure('no-answer', `no answer from ${nameOf(to)} within ${seconds} s: ${why}${astray}`);
  }

  async #receive(envelope: Envelope): Promise<void> {
    const { content, source } = envelope;
    const waiting = this.#waiting.get(envelope.uid);
    if (waiting === undefined || (content?.kind !== 'response' && content?.kind !== 'error')) return;
    const { to } = waiting;
    if (source === undefined || source.twin === 0) {
      // A relay's report is unsigned: it is believed for a uid that only the relays and we know.
      if (content.kind === 'error') waiting.end(err(refusal(to, content.message)));
      return;
    }
    if (source.twin !== to.twin) return waiting.doubt(`twin ${source.twin} was not asked`);
    const { protocol, clock } = this.#session;
    const opened = await protocol.open(envelope, source.twin, clock.seconds(), waiting.seal);
    if (!opened.ok) return waiting.doubt(`what came is not to be believed: ${faultError(opened.error).message}`);
    const from = formatAddress(source);
    const { schema } = envelope;
    waiting.end(
      ok(
        content.kind === 'error'
          ? { kind: 'error', source: from, code: content.code, message: plain(content.message) }
          : { kind: 'response', source: from, data: opened.value, schema },
      ),
    );
  }
}

/** An error reply in a line for people. */
export function errorText({ code, message }: ErrorReply): string {
  return `error ${code}: ${message}`;
}

/** What a relay's refusal means for who asked; the texts are those of both relays. */
function refusal(to: Address, message: string): CommandFailure {
  const text = `the relay says of ${nameOf(to)}: ${message}`;
  if (/unknown twin/i.test(message)) return new CommandFailure('unknown-twin', text);
  if (/offline|reach|relay info is not set|no relay/i.test(message) && !/chain/.test(message)) {
    return new CommandFailure('offline', text);
  }
  return new CommandFailure('relay', text);
}
