import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from './command-line.ts';
import { type Gathered, gather, type ReadFile, settle } from './config.ts';
import { printConfig } from './print.ts';
import { variableOf } from './table.ts';

const SEED = `0x${'01'.repeat(32)}`;
const WORDS = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';

/** Files by path. */
const disk =
  (files: Record<string, string>, isPublic = false): ReadFile =>
  async (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return { text, isPublic };
  };

async function gathered(argv: string[], env: Record<string, string> = {}, readFile = disk({})): Promise<Gathered> {
  const command = readCommandLine(argv);
  if (command.kind !== 'run') throw new Error(`not run, but: ${command.text}`);
  return gather(command, env, readFile);
}
const settled = async (argv: string[], env: Record<string, string> = {}, readFile = disk({})) =>
  settle(await gathered(argv, env, readFile), readFile);

describe('settle', () => {
  it('takes the defaults of rmb-peer', async () => {
    expect(await settled(['-m', SEED])).toMatchObject({
      peer: {
        secret: SEED,
        keyType: 'sr25519',
        redis: 'redis://localhost:6379',
        substrate: ['wss://tfchain.grid.tf:443'],
        relays: ['wss://relay.grid.tf:443'],
        update: true,
        keepRelays: false,
        keepOnChain: false,
      },
      level: 'info',
      status: undefined,
    });
  });

  it('takes every flag of the Rust peer, and its own', async () => {
    const short = '-k ed25519 -r redis://r -s ws://a -s ws://b --relay ws://c --relay ws://d --no-update -dd -u /tmp';
    const { peer, level, status } = await settled(
      ['-m', WORDS, ...short.split(' '), '--keep-relays', '--status', '[::1]:1'],
      {},
    );
    expect(peer).toEqual({
      secret: WORDS,
      keyType: 'ed25519',
      redis: 'redis://r',
      substrate: ['ws://a', 'ws://b'],
      relays: ['ws://c', 'ws://d'],
      update: false,
      keepRelays: true,
      keepOnChain: false,
      admission: { requireCipher: false },
    });
    expect([level, status]).toEqual(['trace', { host: '::1', port: 1 }]);
  });

  it('refuses to write the twin again when it may not write it, and names both settings', async () => {
    const contradiction = settled(['-m', SEED, '--keep-on-chain'], { RMB_NO_UPDATE: 'true' });
    await expect(contradiction).rejects.toThrow(
      '--keep-on-chain writes the twin on chain, RMB_NO_UPDATE forbids it: remove one of them',
    );
    const { peer } = await settled(['-m', SEED, '--keep-on-chain'], { RMB_NO_UPDATE: 'false' });
    expect(peer).toMatchObject({ update: true, keepOnChain: true });
  });

  it('takes who may call from flags, variables and the file alike', async () => {
    const admission = {
      allow: new Set([7, 12]),
      allowFor: new Map([
        ['wallet.pay', new Set([7, 8])],
        ['nobody.may', new Set()],
      ]),
      served: new Set(['wallet.pay', 'my.cmd']),
      requireCipher: true,
    };
    const flags = '--allow 7 --allow 12 --allow-for wallet.pay=7,8 --allow-for nobody.may= --served wallet.pay';
    const byFlags = await settled(['-m', SEED, ...flags.split(' '), '--served', 'my.cmd', '--require-cipher']);
    expect(byFlags.peer.admission).toEqual(admission);
    const env = { RMB_ALLOW: '7 12', RMB_ALLOW_FOR: 'wallet.pay=7,8 nobody.may=', RMB_SERVED: 'wallet.pay,my.cmd' };
    const byVariables = await settled([], { RMB_MNEMONIC: SEED, RMB_REQUIRE_CIPHER: 'true', ...env });
    expect(byVariables.peer.admission).toEqual(admission);
    const lists = 'allow = [7, 12]\nallow-for = ["wallet.pay=7,8", "nobody.may="]\nserved = ["wallet.pay", "my.cmd"]';
    const files = disk({ '/c.toml': `mnemonic = "${SEED}"\nrequire-cipher = true\n${lists}` });
    expect((await settled(['-c', '/c.toml'], {}, files)).peer.admission).toEqual(admission);
  });

  it.each([
    [['--allow', 'x'], '--allow: must be twin ids, for example 7,12'],
    [['--allow', '0'], '--allow: must be twin ids, for example 7,12'],
    [['--allow-for', '7'], '--allow-for: must be COMMAND=TWIN,TWIN, for example wallet.pay=7,12'],
    [['--allow-for', 'a.b=x'], '--allow-for: must be COMMAND=TWIN,TWIN, for example wallet.pay=7,12'],
  ])('refuses %j, and says what it must be', async (argv, message) => {
    await expect(settled(['-m', SEED, ...argv])).rejects.toThrow(message);
  });

  it('takes lists of the environment with commas or spaces, and leaves what is empty', async () => {
    const env = { RMB_MNEMONIC: SEED, RMB_RELAY: 'ws://a, ws://b ws://c', RMB_NO_UPDATE: 'true', RMB_REDIS: '' };
    const { peer } = await settled([], env);
    expect(peer).toMatchObject({ relays: ['ws://a', 'ws://b', 'ws://c'], update: false });
    expect(peer.redis).toBe('redis://localhost:6379');
  });

  it('reads a file in TOML, and the secret out of another', async () => {
    const files = disk({
      'peer.toml': 'relay = ["ws://a"]\nno-update = true\ndebug = 1\nstatus = 9464',
      key: `${WORDS}\n`,
    });
    const { peer, level, status } = await settled(['--config', 'peer.toml'], { RMB_MNEMONIC_FILE: 'key' }, files);
    expect(peer).toMatchObject({ secret: WORDS, relays: ['ws://a'], update: false });
    expect([level, status]).toEqual(['debug', { host: '127.0.0.1', port: 9464 }]);
  });

  it.each([
    ['no secret is given: name its file with --mnemonic-file', [], {}, {}],
    ['--mnemonic: 12 to 24 words', ['-m', 'not a secret'], {}, {}],
    ['--seed: 0x and 64 hex digits', ['--seed', '0x12'], {}, {}],
    ['RMB_MNEMONIC: 12 to 24 words', [], { RMB_MNEMONIC: 'not a secret' }, {}],
    ['RMB_MNEMONIC_FILE: 12 to 24 words', [], { RMB_MNEMONIC_FILE: 'f' }, { f: 'not a secret' }],
    ['RMB_MNEMONIC_FILE: f cannot be read', [], { RMB_MNEMONIC_FILE: 'f' }, {}],
    ['--mnemonic and --mnemonic-file: give the secret once', ['-m', SEED, '--mnemonic-file', 'f'], {}, { f: SEED }],
    ['--redis: must be a URL with redis:// or rediss://', ['-m', SEED, '-r', 'http://x'], {}, {}],
    ['--redis: must end with the number of a database', ['-m', SEED, '-r', 'redis://h/abc'], {}, {}],
    ['RMB_REDIS: must end with the number of a database', ['-m', SEED], { RMB_REDIS: 'redis://h/1/2' }, {}],
    ['--redis: must have a % in its user or password written as %25', ['-m', SEED, '-r', 'redis://:5%@h'], {}, {}],
    ['--relay: must not have a # in it', ['-m', SEED, '--relay', 'ws://a.example/#b'], {}, {}],
    ['--substrate: value 2 must be a URL', ['-m', SEED, '-s', 'ws://a', '-s', 'x'], {}, {}],
    ['RMB_RELAY: must be at most 4 relays', ['-m', SEED], { RMB_RELAY: 'ws://a ws://b ws://c ws://d ws://e' }, {}],
    ['RMB_RELAY: must have a domain name', ['-m', SEED], { RMB_RELAY: 'ws://127.0.0.1:8787' }, {}],
    ['RMB_RELAY: must be different relays', ['-m', SEED], { RMB_RELAY: 'ws://a:1 ws://a:1/' }, {}],
    ['--relay: must be different relays', ['-m', SEED, '--relay', 'wss://a', '--relay', 'wss://a:443'], {}, {}],
    [
      '--relay: must be different relays',
      ['-m', SEED, '--relay', 'wss://a.example', '--relay', 'wss://A.example.'],
      {},
      {},
    ],
    ['--mnemonic-file: *** cannot be read', ['--mnemonic-file', WORDS], {}, {}],
    ['--mnemonic-file: *** cannot be read', ['--mnemonic-file', SEED], {}, {}],
    ['--key-type: must be sr25519 or ed25519', ['-m', SEED, '-k', 'ecdsa'], {}, {}],
    ['RMB_NO_UPDATE: must be true or false', ['-m', SEED], { RMB_NO_UPDATE: 'maybe' }, {}],
    ['RMB_STATUS: must be PORT or HOST:PORT', ['-m', SEED], { RMB_STATUS: '65536' }, {}],
    ['--config: c cannot be read', ['-c', 'c'], {}, {}],
    ['RMB_CONFIG: c cannot be read', [], { RMB_CONFIG: 'c' }, {}],
    ['c:2: key-type: must be sr25519', ['-m', SEED, '-c', 'c'], {}, { c: '# c\nkey-type = "rsa"' }],
    ['c:1: there is no such setting', ['-m', SEED, '-c', 'c'], {}, { c: 'relays = []' }],
    ['c:2: invalid TOML at column', ['-m', SEED, '-c', 'c'], {}, { c: '\nmnemonic = word' }],
    ['c:1: relay: must name a relay', ['-m', SEED, '-c', 'c'], {}, { c: 'relay = []' }],
    ['c:1: redis: must be a text', ['-m', SEED, '-c', 'c'], {}, { c: '[redis]\nurl = "x"' }],
  ])('says %s', async (message, argv, env, files: Record<string, string>) => {
    await expect(settled(argv, env, disk(files))).rejects.toThrow(message);
  });

  it('warns of what is deprecated, ignored, or open to others, and of nothing else', async () => {
    const warnings = async (argv: string[], env = {}, readFile = disk({})) =>
      (await settled(argv, env, readFile)).warnings.map((warning) => warning.split(' ').slice(0, 3).join(' '));
    expect(await warnings([], { RMB_MNEMONIC: SEED })).toEqual([]);
    expect(await warnings(['--mnemonics', SEED])).toEqual(['--mnemonics is deprecated:', '--mnemonics contains a']);
    expect(await warnings(['-r', 'redis://:pw@h', '-u', 'd'], { RMB_MNEMONIC: SEED })).toEqual([
      '--redis contains a',
      '--uploads: ignored, this',
    ]);
    expect(await warnings(['-c', 'c'], {}, disk({ c: `mnemonic = "${SEED}"` }, true))).toEqual(['c contains the']);
    expect(await warnings(['--mnemonic-file', 'f'], {}, disk({ f: SEED }, true))).toEqual(['f contains the']);
  });
});

describe('precedence', () => {
  it('is flag, variable, file, default, for every setting by itself', async () => {
    const values = { 'key-type': 'ed25519', redis: 'redis://', substrate: 'ws://', relay: 'ws://', debug: '' } as const;
    const layer = fc.subarray(['key-type', 'redis', 'substrate', 'relay'] as const);
    await fc.assert(
      fc.asyncProperty(layer, layer, layer, async (flags, variables, keys) => {
        const value = (name: keyof typeof values, source: string) =>
          name === 'key-type' ? values[name] : `${values[name]}${source}.example`;
        const argv = flags.flatMap((name) => [`--${name}`, value(name, 'flag')]);
        const env = Object.fromEntries(variables.map((name) => [variableOf(name), value(name, 'variable')]));
        const c = keys.map((name) => `${name} = ${JSON.stringify(value(name, 'file'))}`).join('\n');
        const { layer: merged } = await gathered([...argv, '-c', 'c'], env, disk({ c }));
        for (const [name, { origin }] of merged) {
          const sources = { flag: flags, variable: variables, file: keys };
          const expected = Object.entries(sources).find(([, names]) => names.some((each) => each === name))?.[0];
          expect(origin).toBe(expected ?? 'default');
        }
      }),
    );
  });

  it('holds for the secret, in whichever way it is given', async () => {
    const files = disk({ f: `0x${'02'.repeat(32)}`, c: `mnemonic = "0x${'03'.repeat(32)}"` });
    const secret = async (argv: string[], env = {}) => (await settled(argv, env, files)).peer.secret.slice(2, 4);
    expect(await secret(['-m', SEED, '-c', 'c'], { RMB_MNEMONIC_FILE: 'f' })).toBe('01');
    expect(await secret(['-c', 'c'], { RMB_MNEMONIC_FILE: 'f' })).toBe('02');
    expect(await secret(['--mnemonic-file', 'f'], { RMB_MNEMONIC: SEED })).toBe('02');
    expect(await secret(['-c', 'c'])).toBe('03');
  });
});

describe('printConfig', () => {
  it('says what is in force and where it came from, as a file that can be read again', async () => {
    const { layer } = await gathered(
      ['-c', '/c', '-d'],
      { RMB_REDIS: 'redis://r' },
      disk({ '/c': 'no-update = true' }),
    );
    const text = printConfig(layer);
    expect(text.split('\n')).toEqual([
      '# mnemonic is not set',
      '# mnemonic-file is not set',
      'key-type = "sr25519"  # default',
      'redis = "redis://r"  # RMB_REDIS',
      'substrate = ["wss://tfchain.grid.tf:443"]  # default',
      'relay = ["wss://relay.grid.tf:443"]  # default',
      'no-update = true  # /c:1',
      '# keep-relays is not set',
      '# keep-on-chain is not set',
      '# allow is not set',
      '# allow-for is not set',
      '# served is not set',
      '# require-cipher is not set',
      '# plugin is not set',
      'debug = 1  # --debug',
      '# status is not set',
    ]);
    expect(parse(text)).toMatchObject({ redis: 'redis://r', debug: 1 });
  });

  it('shows no secret that was given where its file belongs, and neither does what fails of it', async () => {
    for (const secret of [WORDS, SEED]) {
      const all = await gathered(['--mnemonic-file', secret]);
      expect(printConfig(all.layer)).toContain('mnemonic-file = "***"  # --mnemonic-file');
      const readFile = async (path: string) => {
        throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
      };
      await expect(settle(all, readFile)).rejects.toThrow(/: \*\*\* cannot be read: there is no such file \(ENOENT\)$/);
    }
  });

  it('shows no secret, wherever it was given', async () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{6,20}$/).map((text) => `S3cr3t${text}`);
    await fc.assert(
      fc.asyncProperty(word, fc.constantFrom('flag', 'variable', 'file'), async (secret, where) => {
        const values = {
          mnemonic: secret,
          redis: `redis://user:${secret}@localhost:6379/1`,
          substrate: `wss://chain.example/${secret}/ws`,
          relay: `wss://user:${secret}@relay.example/?key=${secret}`,
        };
        const entries = Object.entries(values);
        const argv = where === 'flag' ? entries.flatMap(([name, value]) => [`--${name}`, value]) : [];
        const env = where === 'variable' ? entries.map(([name, value]) => [variableOf(name), value]) : [];
        const c = where === 'file' ? entries.map(([name, value]) => `${name} = "${value}"`).join('\n') : '';
        const all = await gathered([...argv, '-c', 'c'], Object.fromEntries(env), disk({ c }));
        expect(printConfig(all.layer)).not.toContain(secret);
        const failure = await settle(all, disk({})).then(
          () => '',
          (error: Error) => error.message,
        );
        expect(failure).toContain('words of a BIP-39 mnemonic');
        expect(failure).not.toContain(secret);
      }),
    );
  });
});
