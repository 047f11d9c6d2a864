import { z } from 'zod';
import { type Process, startProcess } from '../process.ts';

/** The peer's program in this repository. */
export const SOURCE = 'local-peer/main.ts';
const logLine = z.object({ msg: z.string(), url: z.string().optional() });

/** A peer in a process of its own, as an operator runs it. */
export interface PeerProcess extends Process {
  /** Resolves with the line on stdout that says that the peer is ready. */
  ready(): Promise<string>;
  /** Resolves with the URL of its status server. */
  statusUrl(): Promise<string>;
  /** All lines that it has written so far. */
  output(): string;
  /** Resolves when it has logged a message that holds this text. */
  logged(message: string): Promise<void>;
}

/** How a peer is started. */
export interface PeerCommand {
  /** Absent: this repository's, from source. */
  readonly command?: readonly [string, ...string[]];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a peer; its disposal kills it. */
export function startPeerProcess({ command = [process.execPath, SOURCE], args = [], ...options }: PeerCommand = {}) {
  const started = startProcess([...command, ...args], options);
  return Object.assign(started, {
    ready: () =>
      started.find('the first line of the peer', (line) => (line.startsWith('rmb-peer: twin') ? line : undefined)),
    statusUrl: () => started.find('the status of the peer', (line) => parsed(line)?.url),
    output: () => started.lines.join('\n'),
    logged: async (message: string) => {
      const isIt = (line: string) => (parsed(line)?.msg.includes(message) ? line : undefined);
      await started.find(`'${message}' of the peer`, isIt);
    },
  }) satisfies PeerProcess;
}

function parsed(line: string): z.infer<typeof logLine> | undefined {
  if (!line.startsWith('{')) return undefined;
  return logLine.safeParse(JSON.parse(line)).data;
}
