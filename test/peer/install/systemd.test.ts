import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { ensureProgram } from '../../rig/clients/debian.ts';
import { openNotifySocket } from '../../rig/peer/notify-socket.ts';
import { startPeerProcess } from '../../rig/peer/peer-process.ts';
import { startRedis } from '../../rig/redis/redis.ts';

const UNIT = 'local-peer/deploy/rmb-peer.service';
/** The limit of `systemd-analyze security`, in tenths: 2.0 of 10, where 10 is unprotected. */
const MOST_EXPOSED = '20';

it('a peer notifies systemd that it is ready, alive and stopping', async () => {
  ensureProgram('systemd-notify', 'systemd');
  await using socket = await openNotifySocket();
  await using network = await startNetwork();
  await using redis = await startRedis();
  await using peer = startPeerProcess({
    env: {
      NOTIFY_SOCKET: socket.path,
      WATCHDOG_USEC: '1000000',
      RMB_MNEMONIC: DEV_TWINS[0]?.secret ?? '',
      RMB_REDIS: redis.url,
      RMB_SUBSTRATE: network.chain.wsUrl,
      RMB_RELAY: network.relay.wsUrl,
    },
  });
  expect(await socket.hears('WATCHDOG=')).toBe('WATCHDOG=1');
  expect(await socket.hears('EXTEND_TIMEOUT_USEC=')).toBe('EXTEND_TIMEOUT_USEC=1500000');
  await socket.hears('READY=1');
  await socket.hears('STATUS=twin 1 ready');
  peer.signal('SIGTERM');
  await socket.hears('STOPPING=1');
  expect(await within(peer.ended, 'the end of the peer')).toBe(0);
});

it('the unit is valid for systemd and isolated from the rest of the machine', async () => {
  ensureProgram('systemd-analyze', 'systemd');
  const directory = await mkdtemp(join(tmpdir(), 'rmb-unit-'));
  try {
    const unit = await readFile(UNIT, 'utf8');
    expect(unit).toContain('\nExecStart=rmb-peer ');
    // The command is looked for; here any will do.
    const path = join(directory, 'rmb-peer.service');
    await writeFile(path, unit.replace('ExecStart=rmb-peer', `ExecStart=${process.execPath}`));
    const analyze = (...args: string[]) => spawnSync('systemd-analyze', [...args, path], { encoding: 'utf8' });
    // systemd only warns of unknown settings.
    expect(analyze('verify', '--man=no')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(analyze('security', '--no-pager', '--offline=true', `--threshold=${MOST_EXPOSED}`)).toMatchObject({
      status: 0,
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});
