import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { Bus, BytesOptions, CallResult, ConnectOptions, Handler, Services } from './public.ts';

/** The declarations that programs compile against: `npm run check` reads these, a run of the tests does not. */
const place = { relays: ['wss://relay.example'], chain: ['wss://chain.example'] };
const source = { twin: async () => undefined, twinIdOf: async () => undefined };

describe('ConnectOptions', () => {
  it('take a secret or an identity, and a chain or a source of twins', () => {
    expectTypeOf({ ...place, secret: 'words' }).toExtend<ConnectOptions>();
    expectTypeOf({ secret: 'words', relays: place.relays, twins: source }).toExtend<ConnectOptions>();
  });

  it('refuse a connection without an identity, without relays, and without a source of twins', () => {
    expectTypeOf(place).not.toExtend<ConnectOptions>();
    expectTypeOf({ secret: 'words', chain: place.chain }).not.toExtend<ConnectOptions>();
    expectTypeOf({ secret: 'words', relays: place.relays }).not.toExtend<ConnectOptions>();
  });

  it('take a lasting sid, or false for none', () => {
    expectTypeOf({ ...place, secret: 'words', sid: 'lasting' }).toExtend<ConnectOptions>();
    expectTypeOf<ConnectOptions['sid']>().toEqualTypeOf<string | false | undefined>();
  });
});

describe('Handler', () => {
  it('returns bytes, text, or data with its media type, now or later', () => {
    expectTypeOf(() => new Uint8Array()).toExtend<Handler>();
    expectTypeOf(async () => 'text').toExtend<Handler>();
    expectTypeOf(() => ({ data: 'text', schema: 'text/plain' })).toExtend<Handler>();
  });

  it('returns nothing else', () => {
    expectTypeOf(() => 7).not.toExtend<Handler>();
    expectTypeOf(() => undefined).not.toExtend<Handler>();
  });
});

describe('Bus', () => {
  it('ends with `await using`', () => {
    expectTypeOf<Bus>().toExtend<AsyncDisposable>();
  });

  it('calls a twin by its number or its address', () => {
    expectTypeOf<Bus['call']>().parameter(0).toEqualTypeOf<number | string>();
    expectTypeOf<Bus['ping']>().parameter(0).toEqualTypeOf<number | string>();
  });

  it('resolves a call with a value that the program has to look at, and with bytes if it sends bytes', () => {
    const call = (bus: Bus) => bus.call(7, 'x', { n: 1 });
    const bytes = (bus: Bus, options: BytesOptions) => bus.call(7, 'x', 'text', options);
    expectTypeOf(call).returns.resolves.toEqualTypeOf<unknown>();
    expectTypeOf(bytes).returns.resolves.toEqualTypeOf<Uint8Array>();
    const all = (bus: Bus, options: BytesOptions) => bus.callMany([7, '8:sid'], 'x', undefined, options);
    expectTypeOf(all).returns.toEqualTypeOf<AsyncIterableIterator<CallResult<Uint8Array>>>();
  });
});

describe('Services', () => {
  it('give a handler the type that its schema makes, and take from it what the other schema takes', () => {
    const out = z.string().transform((text) => text.length);
    const good = (services: Services) => {
      services.serve('x', { in: z.coerce.number(), out }, (value) => value.toFixed());
      services.serve('x', { out }, (value) => {
        expectTypeOf(value).toEqualTypeOf<unknown>();
        return 'text';
      });
      // @ts-expect-error the schema takes text
      services.serve('x', { in: z.number(), out }, (value) => value);
      // @ts-expect-error the value may be anything
      services.serve('x', {}, (value: number) => value);
    };
    expectTypeOf(good).toBeFunction();
  });
});
