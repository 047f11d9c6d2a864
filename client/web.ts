import { PORTABLE } from '../proto/crypto/portable.ts';
import { openConnection } from './connect.ts';
import type { Bus, ConnectOptions } from './public.ts';
import { pageWakes } from './web/page-wakes.ts';
import { dialWeb } from './web/web-socket.ts';

export { identityOf } from '../proto/identity.ts';

/** Connects with what every host has: standard WebSockets, JavaScript and WebCrypto. */
export function connectWeb(options: ConnectOptions): Promise<Bus> {
  return openConnection(options, { dial: dialWeb, primitives: PORTABLE, wakes: pageWakes() });
}
