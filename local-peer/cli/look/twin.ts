import { Command } from 'commander';
import { z } from 'zod';
import { asked, type OpenChain, openChain, ownTwinOf } from '../../../client/directory/open-chain.ts';
import { RmbError } from '../../../client/errors.ts';
import { dialNode } from '../../../client/session/node-socket.ts';
import { type Address, formatAddress } from '../../../proto/envelope/address.ts';
import { identityOf } from '../../../proto/identity.ts';
import {
  addJsonFlag,
  addSessionFlags,
  addTimeoutFlag,
  jsonOption,
  optionsOf,
  withChain,
  withSettings,
} from '../flags.ts';
import { print, printJson } from '../output.ts';
import { parseTarget, resolveTarget } from '../target.ts';
import { twinJson, twinLines } from './twin-lines.ts';

const options = jsonOption.extend({ timeout: z.number() });

/** Returns the command `rmb-peer twin`: a twin's record on chain. */
export function twinCommand(): Command {
  const command = new Command('twin')
    .summary('show a twin’s record on chain')
    .description(
      'Prints a twin’s record on chain: account, relays and key. Without ID it is your own twin; with an ID no secret is needed. No relay is asked.',
    )
    .argument('[id]', 'id or SS58 address');
  addTimeoutFlag(command, 30, 'limit for the chain');
  return addSessionFlags(addJsonFlag(command))
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer twin 7
  $ rmb-peer twin 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --json | jq -r .relays[]
  $ rmb-peer twin --mnemonic-file secret --substrate wss://tfchain.test.grid.tf:443`,
    )
    .action(async (id: string | undefined, _: unknown, self: Command) => {
      const { json, timeout } = optionsOf(self, options);
      if (id !== undefined) {
        const target = parseTarget(id);
        return withChain(self, async (substrate, log) => {
          const chain = await openChain(substrate, { dial: dialNode, log, ms: timeout * 1000 });
          return show(chain, await resolveTarget(target, chain), json);
        });
      }
      return withSettings(self, async ({ peer }, log) => {
        const identity = await identityOf(peer.secret, peer.keyType);
        if (!identity.ok) throw new RmbError('identity', identity.error.detail);
        const chain = await openChain(peer.substrate, { dial: dialNode, log, ms: timeout * 1000 });
        return show(chain, { twin: await ownTwinOf(chain, identity.value) }, json);
      });
    });
}

async function show({ chain, place, close }: OpenChain, address: Address, isJson: boolean): Promise<void> {
  const twin = await asked(() => chain.twin(address.twin));
  close();
  if (twin === undefined) {
    const looked = `TfgridModule.Twins at ${place} has nothing under ${address.twin}`;
    throw new RmbError('unknown-twin', `the chain knows no twin ${formatAddress(address)}: ${looked}`);
  }
  if (isJson) printJson(twinJson(twin));
  else for (const line of twinLines(twin)) print(line);
}
