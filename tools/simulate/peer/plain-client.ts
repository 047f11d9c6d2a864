import { CLOSE_MS, type Socket } from '../../../client/session/socket.ts';
import { decodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { mintToken } from '../../../proto/token/token.ts';
import { nameOf, type Oracle } from '../oracle.ts';
import type { MessagePlan } from '../scenario.ts';
import type { Network } from '../world/network.ts';
import { Machine, type Process, type World } from '../world/world.ts';
import { replyOf, requestOf } from './envelopes.ts';

const RETRY_MS = 1_000;
const KEEP_ALIVE_MS = 20_000;
const DEAD_MS = 38_000;

export interface PlainParts {
  readonly world: World;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly host: string;
}

/** A client of another project: it knows no custody, keeps nothing, and answers each request at once. */
export class PlainClient {
  readonly twin: number;
  readonly machine: Machine;
  readonly #parts: PlainParts;
  #socket: Socket | undefined;
  #isStopped = false;

  constructor(twin: number, parts: PlainParts) {
    this.twin = twin;
    this.#parts = parts;
    this.machine = new Machine(parts.world, `plain${twin}`);
  }

  start(): void {
    const process = this.machine.start();
    this.#parts.world.as(process, () => void this.#dial(process));
  }

  stop(): void {
    this.#isStopped = true;
    const { process } = this.machine;
    const socket = this.#socket;
    if (process === undefined || socket === undefined) return;
    this.#parts.world.as(process, () => socket.close(1000));
    process.setTimer(CLOSE_MS, () => socket.terminate());
  }

  push({ id, to, wantsReply, size, life }: MessagePlan): void {
    for (const each of to) {
      this.#send(requestOf({ ...this.#fields(id, each), life, size }, wantsReply));
    }
  }

  #fields(uid: string, to: number) {
    return { uid, from: this.twin, to, timestamp: Math.floor(this.machine.time / 1000) };
  }

  #send(bytes: Uint8Array): void {
    const { process } = this.machine;
    if (process !== undefined) this.#parts.world.as(process, () => void this.#socket?.send(bytes));
  }

  async #dial(process: Process): Promise<void> {
    const { network, host, world } = this.#parts;
    const identity = { sign: async () => new Uint8Array(65) };
    const now = this.machine.time / 1000;
    const token = await mintToken({ twin: this.twin, now, ttl: 300 }, { ...IDENTITY, ...identity });
    let heardAt = world.now;
    let timer: number | undefined;
    const beat = (socket: Socket) => {
      if (world.now - heardAt > DEAD_MS) return socket.terminate();
      socket.ping?.();
      timer = process.setTimer(KEEP_ALIVE_MS, () => beat(socket));
    };
    const socket = network.dialOf(this.machine)(`ws://${host}/?${token}`, {
      onOpen: () => {
        if (this.#isStopped) return socket.close(1000);
        this.#socket = socket;
        beat(socket);
      },
      onHeard: () => {
        heardAt = world.now;
      },
      onMessage: (message) => {
        if (typeof message !== 'string') this.#take(message);
      },
      onLost: () => {
        process.clearTimer(timer);
        this.#socket = undefined;
        if (!this.#isStopped) process.setTimer(RETRY_MS, () => void this.#dial(process));
      },
    });
  }

  #take(frame: Uint8Array): void {
    const { oracle } = this.#parts;
    if (frame[0] === 1 || frame[0] === 2) {
      oracle.violate('a plain client got a custody frame');
      return;
    }
    const decoded = decodeEnvelope(frame);
    if (!decoded.ok) {
      oracle.violate('a plain client got no envelope');
      return;
    }
    const { uid, source, content } = decoded.value;
    if (content?.kind !== 'request' || source === undefined) return;
    oracle.handed(nameOf(uid, this.twin));
    if (content.command === 'ask') this.#send(replyOf({ ...this.#fields(uid, source.twin), life: 60, size: 20 }));
  }
}

const IDENTITY = {
  keyType: 'sr25519',
  account: new Uint8Array(32),
  e2ePublicKey: new Uint8Array(33),
  sharedKey: () => new Uint8Array(32),
} as const;
