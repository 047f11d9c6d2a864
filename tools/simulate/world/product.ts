import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Repeats, requestNames } from '../../../client/receiving/repeats.ts';
import type { Clock } from '../../../client/session/clock.ts';
import type { Session } from '../../../client/session/session.ts';
import type { SessionRequest } from '../../../durable-objects/twin/sessions/session-request.ts';
import { type Mutation, mutated } from '../../../test/rig/mutants/mutant.ts';
import type { AcceptedEnvelopes } from '../../../workers/federation/accepted-envelopes.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The product’s code that a run drives. */
const ENTRY = `
export { TwinObject } from './durable-objects/twin/twin-object.ts';
export { sessionUrl } from './durable-objects/twin/sessions/session-request.ts';
export { AcceptedEnvelopes } from './workers/federation/accepted-envelopes.ts';
export { Session } from './client/session/session.ts';
export { Clock } from './client/session/clock.ts';
export { Repeats, requestNames } from './client/receiving/repeats.ts';
`;

/** Sizes of the product, so small that a run of a few messages reaches them. */
const SMALL: readonly Mutation[] = [
  {
    file: 'proto/custody/acceptance.ts',
    find: 'WINDOW: Window = { messages: 1024, bytes: 4 * 2 ** 20 }',
    replace: 'WINDOW: Window = { messages: 4, bytes: 6_000 }',
  },
  { file: 'proto/custody/frame.ts', find: 'MOST_ENVELOPES = 128;', replace: 'MOST_ENVELOPES = 3;' },
  { file: 'durable-objects/twin/custody/receipts-due.ts', find: 'MANY = 64;', replace: 'MANY = 3;' },
  {
    file: 'durable-objects/twin/custody/custody.ts',
    find: 'MOST_OF_ALL_BYTES = 24 * 2 ** 20;',
    replace: 'MOST_OF_ALL_BYTES = 10_000;',
  },
  // A record has no more envelopes than a window, as in the product.
  {
    file: 'durable-objects/twin/receive/mailbox.ts',
    find: 'APPEND_BYTES = 32 * 1024;',
    replace: 'APPEND_BYTES = 240;',
  },
  {
    file: 'durable-objects/twin/receive/mailbox-pages.ts',
    find: 'SMALL_BYTES = 32 * 1024;',
    replace: 'SMALL_BYTES = 200;',
  },
  {
    file: 'durable-objects/twin/receive/mailbox-pages.ts',
    find: 'RECORD_BYTES = 256 * 1024;',
    replace: 'RECORD_BYTES = 240;',
  },
  {
    file: 'durable-objects/twin/receive/mailbox-pages.ts',
    find: 'PAGE_BYTES = 2 ** 20;',
    replace: 'PAGE_BYTES = 1_000;',
  },
];

/** An object of a twin, as the platform calls it. */
export interface TwinInstance {
  fetch(request: { readonly url: string }): Promise<{ readonly status: number; readonly webSocket?: unknown }>;
  webSocketMessage(socket: unknown, frame: string | ArrayBuffer): void | Promise<void>;
  webSocketClose(socket: unknown, code: number, reason: string, isClean: boolean): void | Promise<void>;
  alarm(): Promise<void>;
}

export interface Product {
  readonly TwinObject: new (ctx: unknown, env: unknown) => TwinInstance;
  readonly sessionUrl: (request: SessionRequest) => string;
  readonly AcceptedEnvelopes: typeof AcceptedEnvelopes;
  readonly Session: typeof Session;
  readonly Clock: typeof Clock;
  readonly Repeats: typeof Repeats;
  readonly requestNames: typeof requestNames;
}

/** What the product finds instead of its hosts’ globals. */
export type Globals = Readonly<Record<string, unknown>>;

/** Makes the product with these globals: its module state is fresh. */
export type Make = (globals: Globals) => Product;

const PLATFORM = `
export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }
export class RpcTarget {}
`;

/** Bundles the product. @throws when the mutation is not part of it, or its text is not there exactly once */
export async function bundleProduct(mutation?: Mutation): Promise<Make> {
  const mutations = mutation === undefined ? SMALL : [...SMALL, mutation];
  const missing = new Set(mutations.map(({ file }) => file));
  const plugin: Plugin = {
    name: 'simulation',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^cloudflare:workers$/ }, ({ path }) => ({ path, namespace: 'platform' }));
      onLoad({ filter: /./, namespace: 'platform' }, () => ({ contents: PLATFORM, loader: 'js' }));
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const file = relative(ROOT, path);
        if (!missing.delete(file)) return undefined;
        let contents = await readFile(path, 'utf8');
        for (const each of mutations) if (each.file === file) contents = mutated(contents, each);
        return { contents, loader: 'ts' };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'product',
    target: 'es2024',
    conditions: ['browser'],
    logLevel: 'silent',
    plugins: [plugin],
  });
  for (const file of missing) throw new Error(`${file} is not part of the product`);
  const code = `${outputFiles[0]?.text}\nreturn product;`;
  return (globals) => new Function(...Object.keys(globals), code)(...Object.values(globals));
}
