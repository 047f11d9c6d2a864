import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { within } from '../clients/client.ts';
import { startProcess } from '../process.ts';
import type { Around } from './peer.ts';
import { SOURCE } from './peer-process.ts';

/** The end of a command of `rmb-peer`. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is still running. */
export interface RunningCommand extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the first line on stdout that holds this text. */
  said(text: string): Promise<string>;
  /** All that it has written on stderr so far. */
  stderr(): string;
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void;
  /** Closes our end of its stdout, as `head` does. */
  stopReading(): void;
  readonly ended: Promise<Ended>;
}

/** Returns the settings of a program of a development twin, as environment variables. @param redis of its daemon */
export function asTwin({ chain, relay }: Around, id: number, redis?: string): Record<string, string> {
  const twin = DEV_TWINS.find((each) => each.id === id);
  if (twin === undefined) throw new Error(`twin ${id} is no development twin`);
  return {
    RMB_MNEMONIC: twin.secret,
    RMB_KEY_TYPE: twin.keyType,
    RMB_SUBSTRATE: chain.wsUrl,
    RMB_RELAY: relay.wsUrl,
    ...(redis === undefined ? {} : { RMB_REDIS: redis }),
  };
}

/** Starts a command; its disposal kills it. */
export function startCommand(args: readonly string[], env: Record<string, string>, stdin = ''): RunningCommand {
  const started = startProcess([process.execPath, SOURCE, ...args], { env, stdin });
  return {
    pid: started.pid,
    said: (text) =>
      started.find(`'${text}' of ${args[0]}`, (line, stream) =>
        stream === 'stdout' && line.includes(text) ? line : undefined,
      ),
    stderr: () => started.text('stderr'),
    signal: started.signal,
    stopReading: () => started.stopReading('stdout'),
    ended: started.ended.then((code) => ({ code, stdout: started.text('stdout'), stderr: started.text('stderr') })),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** Runs a command to its end. */
export async function runCommand(args: readonly string[], env: Record<string, string>, stdin = ''): Promise<Ended> {
  await using command = startCommand(args, env, stdin);
  return await within(command.ended, `the end of ${args[0]}`);
}
