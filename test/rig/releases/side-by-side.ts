import type { ModuleDefinition } from 'miniflare';
import { z } from 'zod';
import type { LocalRelay } from '../../../tools/local-relay/relay.ts';

/** The two versions of the relay in one Worker. */
export type Version = 'release' | 'head';

/** Which version runs where: in the stateless Worker, and in the objects of odd and of even numbers. */
export interface Assignment {
  readonly worker: Version;
  readonly odd: Version;
  readonly even: Version;
}

/**
 * The Worker that has both. An object gets its version when it is made or wakes up, as on the platform. An object that
 * wakes for its alarm may not know its name, so its id is compared.
 */
const ENTRY = `
import { DurableObject } from 'cloudflare:workers';
import * as release from './release/relay.js';
import * as head from './head/relay.js';

const VERSIONS = { release, head };
const NAMES = Array.from({ length: 100 }, (_, n) => String(n));
let assigned = START;
let made = {};

function nameOf(id, namespace) {
  return id.name ?? NAMES.find((name) => namespace.idFromName(name).equals(id));
}

function choose(className, ctx, env, namespace) {
  const name = nameOf(ctx.id, namespace);
  const version = Number(name) % 2 === 1 ? assigned.odd : assigned.even;
  made[className + ' ' + name] = version;
  return new VERSIONS[version][className](ctx, env);
}

export class TwinObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    return choose('TwinObject', ctx, env, env.TWIN);
  }
}

export class StatsObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    return choose('StatsObject', ctx, env, env.STATS);
  }
}

export class ChainWatcher extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    return choose('ChainWatcher', ctx, env, env.CHAIN_WATCHER);
  }
}

export const TwinResolver = VERSIONS[assigned.worker].TwinResolver;

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/versions') {
      return VERSIONS[assigned.worker].default.fetch(request, env, ctx);
    }
    if (request.method === 'PUT') {
      assigned = await request.json();
      made = {};
    }
    return Response.json(made);
  },
  scheduled: (controller, env, ctx) => VERSIONS[assigned.worker].default.scheduled(controller, env, ctx),
};
`;

/** Returns a Worker of two versions. @param start which runs where at first; the resolver's version stays */
export function sideBySide(
  bundles: Record<Version, readonly ModuleDefinition[]>,
  start: Assignment,
): ModuleDefinition[] {
  const entry: ModuleDefinition = {
    type: 'ESModule',
    path: 'entry.js',
    contents: ENTRY.replace('START', JSON.stringify(start)),
  };
  return [entry, ...(['release', 'head'] as const).flatMap((version) => inFolder(version, bundles[version]))];
}

/** Returns modules in a folder of their own; the script, which is the first one, as relay.js. */
function inFolder(folder: Version, modules: readonly ModuleDefinition[]): ModuleDefinition[] {
  return modules.map((each, n) => ({ ...each, path: `${folder}/${n === 0 ? 'relay.js' : each.path}` }));
}

const madeSchema = z.record(z.string(), z.enum(['release', 'head']));

/** Assigns versions to objects that are made or wake up from now on, and puts the objects of these twins to sleep. */
export async function assign(relay: LocalRelay, assignment: Assignment, twins: readonly number[]): Promise<void> {
  const body = JSON.stringify(assignment);
  await (await fetch(`${relay.httpUrl}/versions`, { method: 'PUT', body })).body?.cancel();
  for (const twin of twins) {
    try {
      await relay.evict(twin);
    } catch (error) {
      // It fell asleep by itself.
      if (!String(error).includes('not currently running')) throw error;
    }
  }
}

/** Returns the version of each object that was made or woke up since the last `assign`: 'TwinObject 1' and so on. */
export async function made({ httpUrl }: LocalRelay): Promise<Record<string, Version>> {
  return madeSchema.parse(await (await fetch(`${httpUrl}/versions`)).json());
}
