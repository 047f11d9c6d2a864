import type { Identity } from '../../../proto/identity.ts';
import { type FaultProxy, startProxy } from '../relay/proxy.ts';
import { type Client, connectAs, within } from './client.ts';

/** The first byte of a WebSocket frame that closes: FIN, opcode 8. */
const CLOSE_FRAME = 0x88;

/** A session whose link can die without a sign: its TCP connections stay open, and nothing passes any more. */
export interface FrailClient extends AsyncDisposable {
  readonly client: Client;
  readonly link: FaultProxy;
  /** Resolves when the relay has sent its close frame: the link dies with it, so the frame never arrives. */
  diedAtClose(): Promise<void>;
}

/** Opens a session over a link that dies with the relay's close frame, or sooner. */
export async function connectFrail(port: number, twin: number, identity: Identity, sid?: string): Promise<FrailClient> {
  const link = await startProxy({ port });
  const died = link.stopAt('down', (chunk) => chunk[0] === CLOSE_FRAME, false);
  const client = await connectAs(`ws://localhost:${link.port}`, twin, identity, sid);
  return {
    client,
    link,
    diedAtClose: () => within(died, `the relay's close of a session of twin ${twin}`),
    [Symbol.asyncDispose]: async () => {
      await link[Symbol.asyncDispose]();
      await client.closed;
    },
  };
}
