import { formatAddress } from '../../proto/address.ts';
import { type Envelope, expiresAt } from '../../proto/envelope.ts';
import { SentAnswers } from '../answers.ts';
import { faultError } from '../faults.ts';
import { versionPlugin } from '../plugins/version.ts';
import type { Outcome } from './service-program.ts';
import type { Session } from './session.ts';

/** Who asks again under the same uid gets the same answer, for this long, seconds. */
const AGAIN_SECONDS = 60;
/** An answer is of use for as long as who asked may wait, but not for ever, seconds. */
const MOST_SECONDS = 1800;
const NOT_SERVED = 404;
const FAILED = 500;

/** A request as a program is told of it: the payload, and variables. */
export type Handle = (payload: Uint8Array, metadata: Readonly<Record<string, string>>, ms: number) => Promise<Outcome>;

/** What became of a request. */
export interface Served {
  readonly uid: string;
  readonly source: string;
  readonly command: string;
  /** The error that was answered; undefined: none. */
  readonly error: string | undefined;
  readonly ms: number;
}

/** Answers the requests of other twins for one command, each once. */
export class Service {
  readonly #session: Session;
  readonly #command: string;
  readonly #handle: Handle;
  readonly #onServed: (served: Served) => void;
  readonly #answers = new SentAnswers();
  readonly #running = new Set<string>();

  constructor(session: Session, command: string, handle: Handle, onServed: (served: Served) => void) {
    this.#session = session;
    this.#command = command;
    this.#handle = handle;
    this.#onServed = onServed;
    session.listen((envelope) => this.#receive(envelope));
  }

  async #receive(envelope: Envelope): Promise<void> {
    const { uid, source, destination, content } = envelope;
    if (content?.kind !== 'request' || source === undefined || source.twin === 0) return;
    // Signed for somebody else: a relay that brings it here means no good.
    if (destination?.twin !== this.#session.own.twin) return;
    const key = `${source.twin}/${uid}`;
    const before = this.#answers.find(source.twin, uid);
    for (const bytes of before) await this.#session.again(bytes, source.twin, AGAIN_SECONDS);
    if (before.length > 0 || this.#running.has(key)) return;
    this.#running.add(key);
    const began = performance.now();
    const opened = await this.#session.protocol.open(envelope, source.twin, this.#session.clock.seconds());
    const outcome = opened.ok
      ? await this.#outcome(envelope, content.command, opened.value)
      : { error: faultError(opened.error) };
    await this.#answer(envelope, outcome);
    this.#running.delete(key);
    this.#onServed({
      uid,
      source: formatAddress(source),
      command: content.command,
      error: outcome.error?.message,
      ms: performance.now() - began,
    });
  }

  async #outcome(envelope: Envelope, command: string, data: Uint8Array): Promise<Reply> {
    const { uid, timestamp, source, tags = '', schema = '' } = envelope;
    const from = formatAddress(source ?? { twin: 0 });
    // As every peer: whoever pings this session finds it.
    const known = await versionPlugin.remote?.({ uid, source: from, command, data, tags, schema });
    if (known !== undefined) return known;
    if (command !== this.#command) {
      return { error: { code: NOT_SERVED, message: `nobody serves '${command}' here, only '${this.#command}'` } };
    }
    const expires = Number(expiresAt(envelope));
    const left = expires - this.#session.clock.seconds();
    const metadata = {
      RMB_COMMAND: command,
      RMB_UID: uid,
      RMB_SOURCE: from,
      RMB_TIMESTAMP: String(timestamp),
      RMB_EXPIRES: String(expires),
      RMB_TAGS: tags,
      RMB_SCHEMA: schema,
    };
    const outcome = await this.#handle(data, metadata, left * 1000);
    return outcome.kind === 'answer' ? { data: outcome.data } : { error: { code: FAILED, message: outcome.message } };
  }

  async #answer({ uid, source, expiration }: Envelope, { data, schema, error }: Reply): Promise<void> {
    if (source === undefined) return;
    const seconds = Math.min(Number(expiration), MOST_SECONDS);
    const sent = await this.#session.send(
      {
        uid,
        timestamp: BigInt(this.#session.clock.seconds()),
        expiration: BigInt(seconds),
        destination: source,
        content: error === undefined ? { kind: 'response' } : { kind: 'error', ...error },
        payload: { kind: 'plain', bytes: data ?? new Uint8Array(0) },
        ...(schema === undefined ? {} : { schema }),
      },
      seconds,
    );
    if (sent.ok) this.#answers.add(source.twin, uid, sent.value);
  }
}

interface Reply {
  readonly data?: Uint8Array;
  readonly schema?: string;
  readonly error?: { readonly code: number; readonly message: string };
}
