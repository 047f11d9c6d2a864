// The client against a real relay and chain, on any host: the tests run it in Node, workerd and Chromium.
import { type Check, same } from '../../proto/vectors.suite.ts';
import {
  addressOf,
  type Connect,
  check,
  failureOf,
  patient,
  type SuiteNetwork,
  type SuiteTools,
  suiteTools,
  textOf,
} from './suite-tools.ts';
import { valueChecks } from './suite-values.ts';

/** Long enough for a relay to take a request, and no test waits long for it, ms. */
const SOON_MS = 3_000;

/** Returns every check of the client. @param connect the host's */
export function clientChecks(connect: Connect, network: SuiteNetwork): readonly Check[] {
  const tools = suiteTools(connect, network);
  return [...messageChecks(tools), ...valueChecks(tools)];
}

function messageChecks({ network, connect, join, pair }: SuiteTools): readonly Check[] {
  const { relay, chain, offline } = network;
  return [
    ...([false, true] as const).map((isEncrypted) =>
      check(`a request and its response travel ${isEncrypted ? 'encrypted' : 'in plain text'}`, () =>
        pair(network[isEncrypted ? 'encrypting' : 'plain'], async (caller, service) => {
          const seen: boolean[] = [];
          service.serve('test.echo', (request) => {
            seen.push(request.isEncrypted);
            return { data: request.data, schema: 'text/plain' };
          });
          const reply = await caller.request(addressOf(service), 'test.echo', 'grüezi', patient);
          same(textOf(reply.data), 'grüezi', 'the payload');
          same(reply.schema, 'text/plain', 'the schema');
          same(reply.source, addressOf(service), 'the source');
          same(seen.join(), String(isEncrypted), 'whether the request came encrypted');
        }),
      ),
    ),
    check('one session asks and serves many at once, each request once', () =>
      pair(network.plain, async (caller, service) => {
        let served = 0;
        service.serve('test.double', ({ data }) => {
          served += 1;
          return String(2 * Number(textOf(data)));
        });
        const asked = Array.from({ length: 20 }, (_, n) => n);
        const replies = await Promise.all(
          asked.map((n) => caller.request(addressOf(service), 'test.double', String(n), patient)),
        );
        same(replies.map(({ data }) => textOf(data)).join(), asked.map((n) => 2 * n).join(), 'the replies');
        same(served, asked.length, 'requests served');
      }),
    ),
    check('a handler that throws makes an error reply', () =>
      pair(network.encrypting, async (caller, service) => {
        service.serve('test.broken', () => {
          throw new Error('out of order');
        });
        const error = await failureOf(caller.request(addressOf(service), 'test.broken', 'x', patient));
        same(error.code, 'answered-error', 'the code');
        same(`${error.reply?.code} ${error.reply?.message}`, '500 out of order', 'the error reply');
        const unserved = await failureOf(caller.request(addressOf(service), 'test.unserved', 'x', patient));
        same(unserved.reply?.code, 404, 'the code of a command that nobody serves');
      }),
    ),
    check('a command that is ended is served no more', () =>
      pair(network.plain, async (caller, service) => {
        const end = service.serve('test.once', () => 'yes');
        same(textOf((await caller.request(addressOf(service), 'test.once', 'x', patient)).data), 'yes', 'the reply');
        end();
        const error = await failureOf(caller.request(addressOf(service), 'test.once', 'x', patient));
        same(error.reply?.code, 404, 'the code of the error reply');
      }),
    ),
    check('a mailbox waits for the first handlers', async () => {
      const [caller, sleeper] = await Promise.all([join(network.plain[0]), join(network.plain[1], 'lasting')]);
      await sleeper.close();
      const reply = caller.request(`${network.plain[1].id}:lasting`, 'test.late', 'x', { failFast: false, ...patient });
      // The relay has the request before the service connects: a later request of the same twin is answered.
      await failureOf(caller.call(offline, 'test.other', 'x', { offlineAfter: 0, ...patient }));
      const woken = await join(network.plain[1], 'lasting');
      woken.serve('test.late', () => 'here');
      same(textOf((await reply).data), 'here', 'the reply');
      await Promise.all([caller.close(), woken.close()]);
    }),
    check('a ping measures the way to a peer and back', () =>
      pair(network.encrypting, async (caller, service) => {
        const pong = await caller.ping(addressOf(service), patient);
        same(/^"rmb-client \d/.test(pong.version ?? ''), true, `the version ${pong.version}`);
        same(pong.source, addressOf(service), 'the source');
        same(pong.ms > 0, true, 'the time');
      }),
    ),
    check('a failure has a code, the twin, and whether to try again', () =>
      pair(network.plain, async (caller) => {
        const away = await failureOf(caller.call(offline, 'test.x', 'x', { offlineAfter: 0, ...patient }));
        same(`${away.code} ${away.twin} ${away.retryable}`, `offline ${offline} true`, 'an offline twin');
        const silent = await failureOf(caller.call(offline, 'test.x', 'x', { failFast: false, timeout: SOON_MS }));
        same(
          `${silent.code} ${silent.twin} ${silent.retryable}`,
          `no-answer ${offline} true`,
          'an offline twin whose relay keeps the request',
        );
        const unknown = await failureOf(caller.call(4_000_000, 'test.x'));
        same(`${unknown.code} ${unknown.retryable}`, 'unknown-twin false', 'a twin that is not on chain');
        const invalid = await failureOf(caller.call('seven', 'test.x'));
        same(invalid.code, 'invalid', 'a text that is no twin');
        const stop = new AbortController();
        const aborted = failureOf(caller.call(offline, 'test.x', 'x', { signal: stop.signal, ...patient }));
        stop.abort();
        same((await aborted).code, 'aborted', 'a call that its caller gave up');
      }),
    ),
    check('close ends calls that wait, and refuses later ones', async () => {
      const bus = await join(network.plain[0]);
      const waiting = failureOf(bus.call(offline, 'test.x', 'x', { failFast: false, ...patient }));
      await bus.close();
      same((await waiting).code, 'closed', 'a call that waited');
      same((await failureOf(bus.call(offline, 'test.x'))).code, 'closed', 'a later call');
    }),
    check('the status names the session and its relays', async () => {
      const bus = await join(network.plain[0], 'named');
      const { address, relays, chain: node } = bus.state;
      same(address, `${network.plain[0].id}:named`, 'the address');
      same([...relays.values()].map(({ isUp }) => isUp).join(), 'true', 'the relays');
      same(node.isUp, true, 'the chain');
      await bus.close();
    }),
    check('connecting fails with a code', async () => {
      const [twin] = network.plain;
      const own = { ...twin, ...patient };
      const at = (options: { relays: string[]; chain: string[] }) => failureOf(connect({ ...own, ...options }));
      same((await at({ relays: ['http://localhost'], chain: [chain] })).code, 'invalid', 'a URL that is no relay');
      same((await at({ relays: ['ws://127.0.0.1:9'], chain: [chain] })).code, 'relay', 'a relay that is away');
      same((await at({ relays: [relay], chain: ['ws://127.0.0.1:9'] })).code, 'chain', 'a chain that is away');
      const stranger = connect({ secret: `0x${'77'.repeat(32)}`, relays: [relay], chain: [chain] });
      same((await failureOf(stranger)).code, 'identity', 'a secret without a twin');
      const aborted = connect({ ...own, relays: [relay], chain: [chain], signal: AbortSignal.abort() });
      same((await failureOf(aborted)).code, 'aborted', 'a signal that has aborted');
    }),
  ];
}
