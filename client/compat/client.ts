import type { KeyType } from '../../proto/identity.ts';
import type { CallResponse } from '../asking/calls.ts';
import { RmbError } from '../errors.ts';
import type { OwnTwin } from './own-bus.ts';
import { encryptionKeyOf, seedOf } from './secret.ts';
import { joinBus, leaveBus } from './shared-bus.ts';

const MINUTE_MS = 60_000;
/** Replies that nobody reads are kept up to this number; then the oldest goes. */
const MOST_UNREAD = 10_000;

/**
 * The class `Client` of `@threefold/rmb_direct_client`, with its constructor and its methods. It reconnects by itself,
 * and takes over no signal and no event of the page. Failures are `RmbError`s.
 */
export class Client {
  readonly chainUrl: string;
  readonly relayUrl: string;
  readonly session: string;
  readonly keypairType: KeyType;
  readonly #own: OwnTwin;
  /** By the id that `send` returned. */
  readonly #replies = new Map<string, Promise<unknown>>();

  /**
   * Throws an `RmbError` when the secret or the key type is invalid.
   * @param mnemonics words of a mnemonic, or 64 hex digits with or without 0x. No field of the client has them.
   * @param session name of the session at the relay; a fresh one when it is empty
   * @param keypairType sr25519 or ed25519
   * @param _retries without effect: the client reconnects until `disconnect`
   */
  constructor(
    chainUrl: string,
    relayUrl: string,
    mnemonics: string,
    session: string,
    keypairType: string,
    _retries?: number,
  ) {
    this.chainUrl = chainUrl;
    this.relayUrl = relayUrl;
    this.session = session;
    this.keypairType = keyTypeOf(keypairType);
    const seed = seedOf(mnemonics);
    const pk = encryptionKeyOf(seed);
    this.#own = { chainUrl, relayUrl, seed, pk, keyType: this.keypairType, session };
  }

  /**
   * Connects, unless the client is connected. Writes the twin on chain only if it has no relay or no encryption key
   * there. Throws an `RmbError` when the twin, the chain or the relay cannot be used.
   */
  async connect(): Promise<void> {
    await joinBus(this.#own, this);
  }

  /** The same as `connect`: a lost connection is restored without it. */
  reconnect(): Promise<void> {
    return this.connect();
  }

  /**
   * Sends a request, and connects before if necessary. Resolves with an id for `read`.
   * @param data text of JSON, as a rule; nothing is sent as an empty payload
   * @param expirationMinutes limit for the reply
   * @param _retries without effect, as in the constructor
   */
  async send(
    command: string,
    data: string | Uint8Array | null | undefined,
    destinationTwinId: number,
    expirationMinutes: number,
    _retries?: number,
  ): Promise<string> {
    const bus = await joinBus(this.#own, this);
    // As before, the relay keeps the request for a twin that is offline.
    const options = { timeout: expirationMinutes * MINUTE_MS, failFast: false };
    return this.#keep(bus.request(destinationTwinId, command, data ?? '', options).then(contentOf));
  }

  /** Resolves with an id for `read`, which resolves if a relay is connected. The client itself watches the connection. */
  async ping(_retries?: number): Promise<string> {
    const bus = await joinBus(this.#own, this);
    const { relays } = bus.state;
    if ([...relays.values()].some(({ isUp }) => isUp)) return this.#keep(Promise.resolve({}));
    const why = [...relays].map(([relay, { detail }]) => `${relay}: ${detail}`).join('; ');
    return this.#keep(Promise.reject(new RmbError('relay', `no relay is connected (${why})`)));
  }

  /**
   * Resolves with the value of the reply, once: JSON, or else the text itself. An empty reply is null.
   * Throws an `RmbError` when no response comes: its code says why.
   * @param requestId what `send` or `ping` returned
   */
  async read(requestId: string): Promise<unknown> {
    const reply = this.#replies.get(requestId);
    if (reply === undefined) {
      throw new RmbError('invalid', `no request has the id '${requestId}', or its reply was read before`);
    }
    try {
      return await reply;
    } finally {
      this.#replies.delete(requestId);
    }
  }

  /** Waits for the replies to this client's requests, each within its limit, and leaves the relay. */
  async disconnect(): Promise<void> {
    await Promise.allSettled(this.#replies.values());
    await leaveBus(this.#own, this);
  }

  #keep(reply: Promise<unknown>): string {
    const id = crypto.randomUUID();
    // `read` throws a failure. Without a `read` it must not end the process.
    reply.catch(() => undefined);
    const [oldest] = this.#replies.keys();
    if (oldest !== undefined && this.#replies.size >= MOST_UNREAD) this.#replies.delete(oldest);
    this.#replies.set(id, reply);
    return id;
  }
}

/** Throws an `RmbError` when the text names no key type. */
function keyTypeOf(text: string): KeyType {
  const keyType = text.trim().toLowerCase();
  if (keyType === 'sr25519' || keyType === 'ed25519') return keyType;
  throw new RmbError('invalid', `'${text}' is no key type: expected sr25519 or ed25519`);
}

/** A reply need not name JSON as its schema: many services name none. */
function contentOf({ data }: CallResponse): unknown {
  const text = new TextDecoder().decode(data);
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
