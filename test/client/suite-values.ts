// Values, services, states and ends of the client, on any host.
import type { StandardSchema } from '../../client/index.ts';
import { type Check, same } from '../../proto/vectors.suite.ts';
import { addressOf, check, failureOf, patient, type SuiteTools, textOf } from './suite-tools.ts';

/** Twins take their time to join on a busy machine: until then a call that is answered "offline" asks again. */
const forgiving = { ...patient, offlineAfter: patient.timeout };

/** A list of numbers under `terms`. */
interface Terms {
  readonly terms: readonly number[];
}
const termsSchema = schemaOf<Terms>((value) => {
  const terms: unknown = Object.entries(Object(value)).find(([key]) => key === 'terms')?.[1];
  if (!Array.isArray(terms)) return { issues: [{ message: 'expected a list', path: ['terms'] }] };
  const numbers = terms.filter((term) => typeof term === 'number');
  if (numbers.length === terms.length) return { value: { terms: numbers } };
  const wrong = terms.findIndex((term) => typeof term !== 'number');
  return { issues: [{ message: 'expected a number', path: ['terms', { key: wrong }] }] };
});
const positiveSchema: StandardSchema<number> = schemaOf<number>((value) =>
  typeof value === 'number' && value > 0 ? { value } : { issues: [{ message: `${value} is not positive` }] },
);

/** Returns the checks of what programs see of the client. */
export function valueChecks({ network, join, pair }: SuiteTools): readonly Check[] {
  return [
    check('values travel as JSON in both directions, and schemas check them', () =>
      pair(network.encrypting, async (caller, service) => {
        const sum = (terms: readonly number[]) => terms.reduce((all, term) => all + term, 0);
        service
          .router('test')
          .router('math')
          .serve('sum', { in: termsSchema, out: positiveSchema }, ({ terms }) => sum(terms));
        const ask = (value: unknown) => caller.call(addressOf(service), 'test.math.sum', value, patient);
        same(await ask({ terms: [1, 2, 3] }), 6, 'the sum');
        const input = await failureOf(ask({ terms: [1, 'two'] }));
        const told = `${input.code} ${input.reply?.code} ${input.reply?.message}`;
        same(told, 'answered-error 101 invalid payload: at terms.1: expected a number', 'a request that is wrong');
        const output = await failureOf(ask({ terms: [-7] }));
        same(output.reply?.code, 500, 'the code of a response that is wrong');
        same(output.message.includes('7 is not'), false, 'whether the error shows the value');
      }),
    ),
    check('a call with a schema sends and returns bytes, and one without it takes any JSON', () =>
      pair(network.plain, async (caller, service) => {
        service.serve('test.echo', ({ data, schema }) => ({ data, schema: schema ?? undefined }));
        service.serve('test.value', {}, (value) => ({ value }));
        service.serve('test.text', () => ({ data: 'no JSON', schema: 'application/json' }));
        const to = addressOf(service);
        const bytes = await caller.call(to, 'test.echo', 'grüezi', { schema: 'text/plain', ...patient });
        same(textOf(bytes), 'grüezi', 'the bytes');
        same(JSON.stringify(await caller.call(to, 'test.value', undefined, patient)), '{"value":null}', 'no value');
        same(JSON.stringify(await caller.call(to, 'test.echo', ['ü', 1.5], patient)), '["ü",1.5]', 'a value');
        same((await failureOf(caller.call(to, 'test.text', 1, patient))).code, 'invalid-reply', 'text as JSON');
        same((await failureOf(caller.call(to, 'test.echo', 1n))).code, 'invalid', 'a value without a form in JSON');
        same((await failureOf(caller.call(to, 'test.echo', bytes))).code, 'invalid', 'bytes without a schema');
      }),
    ),
    check('a twin lists what it serves, until it ends', () =>
      pair(network.encrypting, async (caller, service) => {
        const about = { summary: 'adds up', in: termsSchema };
        const end = service.router('test').serve('sum', about, ({ terms }) => terms.length);
        service.serve('test.bytes', () => 'x', { summary: 'one byte' });
        service.serve('test.count', {}, async function* () {
          yield 1;
        });
        const list = async () => JSON.stringify(await caller.commands(addressOf(service), patient));
        const bytes = '{"name":"test.bytes","summary":"one byte"}';
        const others = `${bytes},{"name":"test.count","stream":true}`;
        const sum = '{"name":"test.sum","summary":"adds up","in":true}';
        same(await list(), `{"commands":[${others},${sum}],"more":false}`, 'the list');
        end();
        same(await list(), `{"commands":[${others}],"more":false}`, 'the list after an end');
      }),
    ),
    check('one run calls many twins, and each has one result', () =>
      pair(network.plain, async (caller, service) => {
        service.serve('test.value', {}, (value) => value);
        const twins = [addressOf(service), network.offline, 4_000_000, 'seven', addressOf(service)];
        const results: string[] = [];
        const options = { ...patient, offlineAfter: 0, parallel: 2 };
        for await (const result of caller.callMany(twins, 'test.value', 'x', options)) {
          results.push(`${result.twin} ${result.ok ? result.data : result.error.code}`);
        }
        const to = addressOf(service);
        const expected = [`${to} x`, `${network.offline} offline`, '4000000 unknown-twin', 'seven invalid', `${to} x`];
        same(results.sort().join(), expected.sort().join(), 'the results');
      }),
    ),
    check('a stream gives values in order, as fast as they are read, and leaving the loop cancels it', () =>
      pair(network.encrypting, async (caller, service) => {
        const ended = Promise.withResolvers<string>();
        service.serve('test.count', {}, async function* (_value, _request, { signal }) {
          try {
            for (let n = 0; ; n += 1) yield n;
          } finally {
            ended.resolve(String(signal.reason?.code));
          }
        });
        const values: unknown[] = [];
        for await (const value of caller.stream(addressOf(service), 'test.count', null, { ...patient, credit: 8 })) {
          values.push(value);
          if (values.length === 100) break;
        }
        same(values.join(), Array.from({ length: 100 }, (_, n) => n).join(), 'the values');
        same(await ended.promise, 'aborted', 'why the service ended');
      }),
    ),
    check('a twin that reconnects within the time gets the call, and runs it once', async () => {
      const [caller, twin] = [await join(network.plain[0]), network.plain[1]];
      const sid = `away-${crypto.randomUUID()}`;
      const call = caller.call(`${twin.id}:${sid}`, 'test.back', 1, forgiving);
      // The relay has answered that the twin is offline: a later request of the same caller is answered, too.
      await failureOf(caller.call(network.offline, 'test.other', 1, { ...patient, offlineAfter: 0 }));
      const service = await join(twin, sid);
      let served = 0;
      service.serve('test.back', {}, () => {
        served += 1;
        return 'here';
      });
      same(await call, 'here', 'the reply');
      same(served, 1, 'times that it ran');
      await Promise.all([caller.close(), service.close()]);
    }),
    check('the status tells the state of each part first, and ends with the bus', async () => {
      const bus = await join(network.plain[0]);
      const seen: string[] = [];
      for await (const event of bus.status()) {
        if (event.type === 'relay') seen.push(`relay ${event.isUp} ${event.custody}`);
        else if (event.type === 'chain') seen.push(`chain ${event.isUp}`);
        else if (event.type === 'placement') {
          seen.push(`misplaced ${event.isMisplaced}`);
          void bus.close();
        }
      }
      same(seen.sort().join(), 'chain true,misplaced false,relay true true', 'the events');
    }),
    check('drain waits for replies, requests in work and receipts', () =>
      pair(network.plain, async (caller, service) => {
        const begun = Promise.withResolvers<void>();
        const ended = Promise.withResolvers<void>();
        service.serve('test.slow', {}, async () => {
          begun.resolve();
          await ended.promise;
        });
        const call = caller.call(addressOf(service), 'test.slow', 1, patient);
        await begun.promise;
        const drained: string[] = [];
        const drains = Promise.all([
          caller.drain().then(() => drained.push('caller')),
          service.drain().then(() => drained.push('service')),
        ]);
        await Promise.resolve();
        same(drained.length, 0, 'drained with work');
        ended.resolve();
        await Promise.all([call, drains]);
        same(caller.state.unacknowledged + service.state.unacknowledged, 0, 'envelopes without a receipt');
      }),
    ),
  ];
}

function schemaOf<Output>(
  validate: StandardSchema<unknown, Output>['~standard']['validate'],
): StandardSchema<never, Output> {
  return { '~standard': { version: 1, vendor: 'suite', validate } };
}
