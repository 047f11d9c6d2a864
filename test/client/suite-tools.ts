// What every check of the client needs: twins that join, and errors that must come.
import { type Bus, type ConnectOptions, RmbError } from '../../client/index.ts';
import type { Check } from '../../proto/vectors.suite.ts';

/** A twin that a check may be. */
export interface SuiteTwin {
  readonly id: number;
  readonly secret: string;
  readonly keyType: 'sr25519' | 'ed25519';
}

/** What the checks find on the network. */
export interface SuiteNetwork {
  readonly relay: string;
  readonly chain: string;
  /** Their keys are on chain. */
  readonly encrypting: readonly [SuiteTwin, SuiteTwin];
  /** They have no key on chain. */
  readonly plain: readonly [SuiteTwin, SuiteTwin];
  /** Nobody connects as this twin. */
  readonly offline: number;
}

/** The host's `connect`. */
export type Connect = (options: ConnectOptions) => Promise<Bus>;

/** Longer than anything takes on a busy machine, ms. */
const PATIENCE_MS = 120_000;
/** Options of a call that may take its time. */
export const patient = { timeout: PATIENCE_MS };

/** The network, and ways to join it. */
export interface SuiteTools {
  readonly network: SuiteNetwork;
  readonly connect: Connect;
  join(twin: SuiteTwin, sid?: string | false): Promise<Bus>;
  /** Runs a caller and a service: two sessions of two twins. */
  pair(twins: readonly [SuiteTwin, SuiteTwin], run: (caller: Bus, service: Bus) => Promise<void>): Promise<void>;
}

/** Returns the tools of a host's checks. */
export function suiteTools(connect: Connect, network: SuiteNetwork): SuiteTools {
  const join = (twin: SuiteTwin, sid?: string | false) =>
    connect({
      ...twin,
      ...patient,
      relays: [network.relay],
      chain: [network.chain],
      ...(sid === undefined ? {} : { sid }),
    });
  return {
    network,
    connect,
    join,
    pair: async (twins, run) => {
      const [caller, service] = await Promise.all(twins.map((twin) => join(twin)));
      if (caller === undefined || service === undefined) throw new Error('two twins are needed');
      try {
        await run(caller, service);
      } finally {
        await Promise.all([caller.close(), service.close()]);
      }
    },
  };
}

/** Returns a check. */
export function check(name: string, run: () => Promise<void>): Check {
  return { name, run };
}

/** Returns the error of a promise that must fail. */
export async function failureOf(work: Promise<unknown>): Promise<RmbError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof RmbError) return error;
    throw error;
  }
  throw new Error('it succeeded');
}

/** Returns the address of a session. */
export function addressOf(bus: Bus): string {
  return bus.state.address;
}

/** Returns bytes as text. */
export function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}
