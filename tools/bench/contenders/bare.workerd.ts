import { DurableObject } from 'cloudflare:workers';
import { decodeEnvelope } from '../../../proto/envelope/envelope.ts';

/**
 * The yardstick: a relay with only an outbox for each destination and one batch in flight. It checks no token, reads no
 * chain, limits and counts nothing, stores nothing and refuses nothing. The difference to it is the price of RMB's rules.
 * It shares only the codec with the relay, and decodes whole envelopes.
 */
interface BareEnv {
  readonly TWIN: DurableObjectNamespace<BareTwin>;
}

export class BareTwin extends DurableObject<BareEnv> {
  readonly #queues = new Map<number, Uint8Array[]>();

  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(_: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    if (typeof frame === 'string') return;
    const bytes = new Uint8Array(frame);
    const envelope = decodeEnvelope(bytes);
    const to = envelope.ok ? envelope.value.destination?.twin : undefined;
    if (to === undefined) return;
    const queue = this.#queues.get(to);
    if (queue !== undefined) {
      queue.push(bytes);
      return;
    }
    this.#queues.set(to, [bytes]);
    await this.#pump(to);
  }

  /** Sends batches to a twin until its outbox is empty. */
  async #pump(to: number): Promise<void> {
    for (;;) {
      await scheduler.wait(0);
      const batch = this.#queues.get(to) ?? [];
      if (batch.length === 0) break;
      this.#queues.set(to, []);
      await this.env.TWIN.getByName(String(to)).deliver(batch);
    }
    this.#queues.delete(to);
  }

  /** Sends envelopes to the twin's first socket. */
  deliver(batch: readonly Uint8Array[]): void {
    const [socket] = this.ctx.getWebSockets();
    for (const bytes of batch) socket?.send(bytes);
  }
}

/** Reads the twin's id from its token without checking it. */
export default {
  async fetch(request, { TWIN }) {
    const [, claims = ''] = new URL(request.url).search.split('.');
    const { sub } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
    return TWIN.getByName(String(sub)).fetch(request);
  },
} satisfies ExportedHandler<BareEnv>;
