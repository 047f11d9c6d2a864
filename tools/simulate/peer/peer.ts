import type { Handover } from '../../../client/ports.ts';
import type { Session } from '../../../client/session/session.ts';
import { isAccepted } from '../../../proto/custody/outcome.ts';
import { decodeEnvelope, type Envelope, isExpired } from '../../../proto/envelope/envelope.ts';
import { HASHES } from '../../../proto/hashes.ts';
import type { Identity } from '../../../proto/identity.ts';
import { nameOf, type Oracle, type Told } from '../oracle.ts';
import type { MessagePlan } from '../scenario.ts';
import type { Network } from '../world/network.ts';
import type { Product } from '../world/product.ts';
import { Machine, type Process, type World } from '../world/world.ts';
import { digestOf, keyOf, replyOf, requestOf } from './envelopes.ts';
import { type Claimed, type Job, type KeptReply, Redis } from './redis.ts';

const MARK_SLACK_MS = 300_000;

export interface PeerParts {
  readonly world: World;
  readonly product: Product;
  readonly network: Network;
  readonly oracle: Oracle;
  /** Domains of its relays. */
  readonly hosts: readonly string[];
  /** Whether it knows repeats by its memory alone. */
  readonly isMemoryOnly: boolean;
}

const IDENTITY: Identity = {
  keyType: 'sr25519',
  account: new Uint8Array(32),
  e2ePublicKey: new Uint8Array(33),
  sign: async () => new Uint8Array(65),
  sharedKey: () => new Uint8Array(32),
};

/** A peer: the product’s session at its relays, and a small model of the bridge and of Redis. */
export class Peer {
  readonly twin: number;
  readonly machine: Machine;
  readonly redis: Redis;
  readonly #parts: PeerParts;
  #session: Session | undefined;
  #repeats: InstanceType<Product['Repeats']> | undefined;

  constructor(twin: number, parts: PeerParts) {
    this.twin = twin;
    this.#parts = parts;
    this.machine = new Machine(parts.world, `peer${twin}`);
    this.redis = new Redis(parts.world);
    this.machine.onEnd = () => parts.network.died(this.machine.name);
  }

  start(): void {
    if (this.machine.process !== undefined) return;
    const process = this.machine.start();
    this.#parts.world.note(() => `${this.machine.name}: starts`);
    this.#parts.world.as(process, () => {
      this.#session = this.#open(process);
      if (this.#parts.isMemoryOnly) this.#repeats = new this.#parts.product.Repeats();
      this.#session.open();
      void this.#resume(process);
    });
  }

  /** Stops in good order. */
  stop(): void {
    const { process } = this.machine;
    if (process !== undefined) this.#parts.world.as(process, () => void this.#session?.close());
  }

  stepClock(by: number): void {
    this.machine.clock += by;
  }

  /** A program pushes a message. */
  push({ id, from, to, wantsReply, size, life }: MessagePlan): void {
    const endsAt = this.#parts.world.now + life * 1000;
    this.redis.programs.push({ id, from, open: new Set(to), wantsReply, size, endsAt });
    this.#wake();
  }

  #wake(): void {
    const { process } = this.machine;
    if (process !== undefined) this.#parts.world.as(process, () => void this.#takeOne(process));
  }

  #open(process: Process): Session {
    const { product, network, world, hosts } = this.#parts;
    const say = (level: string) => (fields: object, text: string) =>
      world.note(() => `${this.machine.name}: ${level}: ${text} ${JSON.stringify(fields)}`);
    const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
    return new product.Session({
      own: { twin: this.twin },
      identity: IDENTITY,
      relays: hosts.map((host) => new URL(`ws://${host}`)),
      dial: network.dialOf(this.machine),
      clock: new product.Clock(
        () => this.machine.time,
        () => undefined,
      ),
      log,
      onRelay: () => undefined,
      onFrame: async (frame: Uint8Array) => {
        await this.#take(process, frame);
        return undefined;
      },
      onTooLarge: () => undefined,
    });
  }

  /** Sends again what was in its custody when it died. */
  async #resume(process: Process): Promise<void> {
    const held = await this.redis.run(process, 'resume', () => ({
      claimed: [...this.redis.claimed.values()],
      replies: [...this.redis.replies.values()],
      jobs: [...this.redis.answered],
    }));
    for (const reply of held.replies) void this.#sendReply(process, reply);
    for (const claimed of held.claimed) this.#sendAll(process, claimed);
    for (const _ of held.jobs) void this.#answerOne(process);
    for (let n = this.redis.programs.length; n > 0; n -= 1) void this.#takeOne(process);
  }

  async #takeOne(process: Process): Promise<void> {
    let entry: Claimed | undefined;
    const claimed = await this.redis.run(process, 'claim', () => {
      // A repeat of the same command claims nothing more.
      entry ??= this.redis.programs.shift();
      if (entry !== undefined) this.redis.claimed.set(entry.id, entry);
      return entry;
    });
    if (claimed !== undefined) this.#sendAll(process, claimed);
  }

  #sendAll(process: Process, claimed: Claimed): void {
    const { world } = this.#parts;
    for (const to of claimed.open) {
      const left = claimed.endsAt - world.now;
      process.setTimer(Math.max(1, left), () => void this.#settle(process, claimed.id, to, 'expired'));
      if (left > 0) void this.#send(process, claimed, to, left);
    }
  }

  async #send(process: Process, { id, wantsReply, size }: Claimed, to: number, left: number): Promise<void> {
    const fields = {
      uid: id,
      from: this.twin,
      to,
      timestamp: Math.floor(this.machine.time / 1000),
      life: left / 1000,
      size,
    };
    const end = await this.#hand(requestOf(fields, wantsReply), left);
    if (end === undefined) return;
    if (isAccepted(end)) {
      if (!wantsReply) await this.#settle(process, id, to, 'receipt');
    } else await this.#settle(process, id, to, 'error', end);
  }

  /** Returns how custody ended; undefined if the time was over, or the session closed. */
  async #hand(bytes: Uint8Array, left: number) {
    const handover = await this.#session?.send(bytes, this.machine.time + left);
    if (handover === undefined || !isHandover(handover)) return undefined;
    const { outcome } = await handover.custody;
    return outcome === 'late' || outcome === 'closed' ? undefined : outcome;
  }

  /** Ends the custody of one destination, once. */
  async #settle(process: Process, id: string, to: number, how: Told | 'receipt', why = ''): Promise<void> {
    const { oracle } = this.#parts;
    await this.redis.run(process, 'settle', () => {
      const claimed = this.redis.claimed.get(id);
      if (claimed === undefined || !claimed.open.delete(to)) return;
      if (claimed.open.size === 0) this.redis.claimed.delete(id);
      if (how === 'receipt') oracle.receipted(nameOf(id, to));
      else oracle.told(nameOf(id, to), how, why);
    });
  }

  async #take(process: Process, frame: Uint8Array): Promise<void> {
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok || !process.isAlive) return;
    const envelope = decoded.value;
    switch (envelope.content?.kind) {
      case 'request':
        return this.#takeRequest(process, envelope, frame);
      case 'response':
        return this.#takeReply(process, envelope, frame);
      case 'error':
        return this.#takeError(process, envelope, envelope.content.message);
      default:
        return;
    }
  }

  async #takeRequest(process: Process, envelope: Envelope, frame: Uint8Array): Promise<void> {
    const { world } = this.#parts;
    const from = envelope.source?.twin ?? 0;
    if (isExpired(envelope, Math.floor(this.machine.time / 1000))) {
      this.#parts.oracle.taken(keyOf(envelope));
      return world.note(() => `${this.machine.name}: drops ${envelope.uid}: expired`);
    }
    const endsAt = world.now + Number(envelope.expiration) * 1000;
    const names = this.#parts.product.requestNames(from, envelope.uid, [frame], HASHES);
    const wantsReply = envelope.content?.kind === 'request' && envelope.content.command === 'ask';
    await this.redis.run(process, 'deliver', () => {
      this.#parts.oracle.taken(keyOf(envelope));
      if (!this.#isNew(names, endsAt + MARK_SLACK_MS)) {
        return world.note(() => `${this.machine.name}: drops ${envelope.uid}: a repeat`);
      }
      this.redis.jobs.push({ uid: envelope.uid, from, wantsReply, endsAt });
      world.in(world.random.chance(0.9) ? world.random.whole(1, 20) : world.random.whole(1, 3_000), undefined, () =>
        this.#serve(),
      );
    });
  }

  /** Marks names. Returns false if one was marked before, and its time is not over. */
  #isNew(names: readonly string[], until: number): boolean {
    const repeats = this.#repeats;
    if (repeats === undefined) return this.redis.mark(names, until);
    const isNew = names.every((name) => !repeats.has(name));
    for (const name of names) repeats.pass(name, (until - this.#parts.world.now) / 1000);
    return isNew;
  }

  /** The service takes its next request. */
  #serve(): void {
    const job = this.redis.jobs.shift();
    if (job === undefined) return;
    this.#parts.oracle.served(nameOf(job.uid, this.twin));
    if (!job.wantsReply) return;
    this.redis.answered.push(job);
    const { process } = this.machine;
    if (process !== undefined) this.#parts.world.as(process, () => void this.#answerOne(process));
  }

  /** Seals the next reply and keeps its bytes, before anything leaves. */
  async #answerOne(process: Process): Promise<void> {
    const job = await this.redis.run(process, 'peek', () => this.redis.answered[0]);
    if (job === undefined) return;
    const reply = this.#seal(job);
    const isMine = await this.redis.run(process, 'keep', () => {
      if (this.redis.answered[0] !== job) return this.redis.replies.get(reply.key) === reply;
      this.redis.answered.shift();
      this.redis.replies.set(reply.key, reply);
      return true;
    });
    if (isMine) await this.#sendReply(process, reply);
    else await this.#answerOne(process);
  }

  #seal({ uid, from, endsAt }: Job): KeptReply {
    const life = (endsAt - this.#parts.world.now) / 1000;
    const timestamp = Math.floor(this.machine.time / 1000);
    const bytes = replyOf({ uid, from: this.twin, to: from, timestamp, life, size: 20 });
    return { key: `${from}.${uid}`, to: from, bytes, endsAt };
  }

  async #sendReply(process: Process, { key, bytes, endsAt }: KeptReply): Promise<void> {
    const left = endsAt - this.#parts.world.now;
    if (left > 0) await this.#hand(bytes, left);
    await this.redis.run(process, 'forget', () => void this.redis.replies.delete(key));
  }

  async #takeReply(process: Process, envelope: Envelope, frame: Uint8Array): Promise<void> {
    const { oracle, world } = this.#parts;
    const { uid, source } = envelope;
    const from = source?.twin ?? 0;
    await this.redis.run(process, 'reply', () => {
      oracle.taken(keyOf(envelope));
      if (!this.#isNew([digestOf(frame)], world.now + MARK_SLACK_MS)) {
        return world.note(() => `${this.machine.name}: drops the reply to ${uid}: a repeat`);
      }
      const claimed = this.redis.claimed.get(uid);
      if (claimed === undefined || !claimed.open.delete(from)) return;
      if (claimed.open.size === 0) this.redis.claimed.delete(uid);
      oracle.told(nameOf(uid, from), 'reply');
    });
  }

  /** A relay reports that it refused a request; to which destination, it does not say. */
  async #takeError(process: Process, envelope: Envelope, why: string): Promise<void> {
    const { uid } = envelope;
    this.#parts.oracle.taken(keyOf(envelope));
    this.#parts.oracle.reported(uid, why);
    const [to, other] = this.redis.claimed.get(uid)?.open ?? [];
    if (to !== undefined && other === undefined) await this.#settle(process, uid, to, 'error', why);
  }
}

function isHandover(value: object): value is Handover {
  return 'custody' in value;
}
