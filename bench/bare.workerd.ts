import { DurableObject } from 'cloudflare:workers';
import { Outbox, type OutboxPort, type Outgoing } from '../durable-objects/twin/outbox.ts';
import { decodeEnvelope } from '../proto/envelope.ts';

/**
 * The yardstick: a relay that is an outbox for each destination and nothing else. It checks no token, asks no chain,
 * limits and counts nothing, keeps no mail and refuses nothing. What the product adds to it is what the product costs.
 */
interface BareEnv {
  readonly TWIN: DurableObjectNamespace<BareTwin>;
}

export class BareTwin extends DurableObject<BareEnv> {
  readonly #outbox = new Outbox<Outgoing>({
    gather: () => scheduler.wait(0),
    send: async (twin, batch) => {
      await this.env.TWIN.getByName(String(twin)).deliver(batch.map(({ bytes }) => bytes));
    },
  } satisfies OutboxPort<Outgoing>);

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
    if (to !== undefined) await this.#outbox.append(to, { bytes });
  }

  /** Hands envelopes to the twin's first socket. */
  deliver(batch: readonly Uint8Array[]): void {
    const [socket] = this.ctx.getWebSockets();
    for (const bytes of batch) socket?.send(bytes);
  }
}

/** The twin's id stands in its token, which is believed. */
export default {
  async fetch(request, { TWIN }) {
    const [, claims = ''] = new URL(request.url).search.split('.');
    const { sub } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')));
    return TWIN.getByName(String(sub)).fetch(request);
  },
} satisfies ExportedHandler<BareEnv>;
