import { openConnection } from '../../client/connect.ts';
import type { ConnectedBus } from '../../client/connected-bus.ts';
import { nodePrimitives } from '../../client/crypto/node-primitives.ts';
import { RmbError } from '../../client/errors.ts';
import type { Log } from '../../client/ports.ts';
import type { Admission } from '../../client/serving/admission.ts';
import type { Handled } from '../../client/serving/handlers.ts';
import { dialNode } from '../../client/session/node-socket.ts';
import type { PeerConfig } from '../config/config.ts';
import { versionPlugin } from '../plugin.ts';

/** Options of a command's connection. */
export interface CommandOptions {
  /** Absent: a fresh name, so that the daemon of the same twin keeps its session. `false`: no name. */
  readonly sid?: string | false | undefined;
  readonly admission?: Admission;
  /** Requests in work at once. */
  readonly parallel?: number;
  onHandled?(handled: Handled): void;
}

/** Connects a command to the bus. @param ms limit for chain and relay each */
export async function connectCommand(
  { secret, keyType, substrate: chain, relays }: Pick<PeerConfig, 'secret' | 'keyType' | 'substrate' | 'relays'>,
  log: Log,
  ms: number,
  { sid = `cli-${crypto.randomUUID().slice(0, 8)}`, admission = {}, parallel = 1, onHandled }: CommandOptions = {},
): Promise<ConnectedBus> {
  const own = { secret, keyType, chain, relays, sid, timeout: ms };
  const plugins = [versionPlugin];
  const host = { dial: dialNode, primitives: nodePrimitives(), ...(onHandled === undefined ? {} : { onHandled }) };
  return openConnection({ ...own, plugins, admission, parallel, log }, host);
}

/** Appends to an error the flags that help, where there are some. */
export function withHint(error: unknown, flags: { readonly failFast: boolean; readonly isJson: boolean }): unknown {
  if (!(error instanceof RmbError) || error.code !== 'no-answer') return error;
  const hints = [
    ...(flags.failFast ? [] : ['--fail-fast tells whether it is offline']),
    '--timeout waits longer',
    ...(flags.isJson ? [] : ['with --schema application/json Go services answer, too']),
  ];
  const { code, message, twin, uid } = error;
  return new RmbError(code, `${message} (${hints.join(', ')})`, { twin, uid });
}
