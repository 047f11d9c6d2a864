import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideSecrets, maskUrl, secretsOf } from './mask.ts';

describe('maskUrl', () => {
  it.each([
    ['redis://localhost:6379', 'redis://localhost:6379'],
    ['redis://h/3', 'redis://h/3'],
    ['rediss://user:pw@h:1/3', 'rediss://user:***@h:1/3'],
    ['redis://:pw@h', 'redis://:***@h'],
    ['redis://h?password=pw', 'redis://h/***'],
    ['wss://tfchain.grid.tf:443', 'wss://tfchain.grid.tf:443'],
    ['wss://tfchain.grid.tf/ws', 'wss://tfchain.grid.tf/ws'],
    ['ws://[::1]:9944', 'ws://[::1]:9944'],
    ['wss://h/v1/0a1b2c', 'wss://h/***'],
    ['wss://h?key=0a1b', 'wss://h/***'],
    ['wss://key@h', 'wss://:***@h'],
    ['no url at all', '***'],
  ])('shows %s as %s', (url, shown) => {
    expect(maskUrl(url)).toBe(shown);
  });
});

describe('hideSecrets', () => {
  it('hides a text in JSON and out of it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), (secret, rest) => {
        fc.pre(!'***'.includes(secret) && !rest.includes(secret));
        const hidden = hideSecrets(`${rest} ${secret} ${JSON.stringify({ secret })}`, [secret]);
        expect(hidden.split(' ').slice(1).join(' ')).not.toContain(secret);
      }),
    );
  });

  it('finds the password of a URL, as written and decoded', () => {
    expect(secretsOf('redis://u:p%40ss@h/1')).toEqual(['p%40ss', 'p@ss']);
    expect(secretsOf('wss://h/key/ws?t=1')).toEqual(['/key/ws', '?t=1']);
    expect(secretsOf('wss://tfchain.grid.tf:443/ws')).toEqual([]);
  });
});
