/** The Reliable Message Bus as a library, for Node: `rmb-client` with Node's sockets and cryptography. */
import { openConnection } from './connect.ts';
import { nodePrimitives } from './crypto/node-primitives.ts';
import type { Bus, ConnectOptions } from './public.ts';
import { dialNode } from './session/node-socket.ts';

export type * from './index.ts';
export { identityOf, RmbError } from './index.ts';

/** Connects a twin to the bus, as `connect` of `rmb-client` does. */
export async function connect(options: ConnectOptions): Promise<Bus> {
  return openConnection(options, { dial: dialNode, primitives: nodePrimitives() });
}
