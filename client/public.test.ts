import { describe, expectTypeOf, it } from 'vitest';
import type { Bus, ConnectOptions, Handler } from './public.ts';

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
});
