import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Test files that take longest on a quiet machine, longest first. A long file that starts last leaves the other workers
 * idle until it ends. A file that is not here starts after these.
 */
export const LONGEST: readonly string[] = [
  'test/relay/platform-errors.test.ts',
  'test/product/conformance-mutants.test.ts',
  'test/upgrades/storage.test.ts',
  'test/product/demo.test.ts',
  'test/product/examples.test.ts',
  'test/product/faults.test.ts',
  'test/product/conformance.test.ts',
  'test/federation/kill.test.ts',
  'test/chain/chain-nodes.test.ts',
  'test/product/deploy.test.ts',
  'test/client/custody.test.ts',
  'test/product/security-mutants.test.ts',
  'test/relay/metrics.test.ts',
  'test/client/client-chromium.test.ts',
  'test/relay/kill.test.ts',
  'test/peer/go-client.test.ts',
  'test/peer/redis/durable.test.ts',
  'test/peer/install/package.test.ts',
  'test/client/package.test.ts',
  'test/relay/slow-readers.test.ts',
  'test/chain/chain-events.test.ts',
  'test/peer/redis/crash.test.ts',
  'test/product/cost.test.ts',
  'test/commands/cli-serve.test.ts',
  'test/upgrades/side-by-side.test.ts',
  'test/peer/relay-weather.test.ts',
  'test/peer/redis/refusals.test.ts',
  'test/commands/commands.test.ts',
  'test/commands/cli-serve-programs.test.ts',
  'test/commands/doctor.test.ts',
  'test/peer/redis/silence.test.ts',
  'test/commands/cli-call.test.ts',
  'test/chain/twin-resolver.test.ts',
  'test/peer/weather.test.ts',
  'test/commands/doctor-network.test.ts',
  'test/peer/install/daemon.test.ts',
  'test/federation/odd-relays.test.ts',
  'test/peer/redis/access.test.ts',
  'test/commands/cli-status.test.ts',
  'test/peer/clients.test.ts',
  'test/federation/several-relays.test.ts',
  'test/federation/mail-follows.test.ts',
  'test/product/conformance-command.test.ts',
  'test/peer/redis/edges.test.ts',
  'test/commands/cli-output.test.ts',
  'test/relay/direct-client.test.ts',
  'test/relay/duels.test.ts',
  'test/relay/cold-fleet.test.ts',
  'test/relay/custody-kill.test.ts',
  'test/relay/ghosts.test.ts',
  'test/commands/cli-look.test.ts',
  'test/peer/trust/guard.test.ts',
  'test/federation/federation.test.ts',
  'test/relay/bombs.test.ts',
  'test/peer/relays.test.ts',
];

/** Starts the longest test files first, also on a fresh clone where no durations are known yet. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.indexOf(relative(this.ctx.config.root, moduleId));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
