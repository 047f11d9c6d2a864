import { describe, expect, it } from 'vitest';
import { SETTINGS, SETTINGS_SCHEMA, variableOf } from './table.ts';

const { shape } = SETTINGS_SCHEMA;
/** Returns the value of a setting, or the texts of its errors. */
const read = (name: keyof typeof shape, ...texts: string[]) => {
  const { success, data, error } = shape[name].safeParse(texts);
  return success ? data : error?.issues.map(({ message }) => message);
};

describe('the table', () => {
  it('has each setting of the schema once', () => {
    expect(SETTINGS.map(({ name }) => name).sort()).toEqual(Object.keys(shape).sort());
  });

  it('gives each setting a flag of its own name, with a value unless its kind has none', () => {
    for (const { name, flag, kind } of SETTINGS) {
      const hasValue = kind === 'text' || kind === 'list';
      expect(flag).toMatch(new RegExp(`^(-\\w, )?--${name}${hasValue ? ' <.+>' : ''}$`));
    }
  });

  it('uses no short flag twice', () => {
    const shorts = SETTINGS.flatMap(({ flag }) => /^-\w/.exec(flag) ?? []);
    expect(new Set(shorts).size).toBe(shorts.length);
  });

  it('has a valid default for each setting that a peer cannot start without', () => {
    const defaults = SETTINGS.flatMap(({ name, fallback }) => (fallback === undefined ? [] : [[name, fallback]]));
    const parsed = SETTINGS_SCHEMA.safeParse(Object.fromEntries(defaults));
    expect(parsed.error?.issues).toBeUndefined();
    expect(parsed.data).toMatchObject({ 'no-update': false, 'require-cipher': false, plugin: [], debug: 0 });
    expect(parsed.data).not.toHaveProperty('allow');
  });

  it('names the variable of a setting', () => {
    expect(variableOf('allow-for')).toBe('RMB_ALLOW_FOR');
  });
});

describe('the schema', () => {
  it('takes the last of several texts for a setting with one value', () => {
    expect(read('key-type', 'sr25519', 'ed25519')).toBe('ed25519');
    expect(read('key-type', 'ed25519', 'rsa')).toEqual(['must be sr25519 or ed25519']);
  });

  it.each([
    ['9464', { host: '127.0.0.1', port: 9464 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['status.example:65535', { host: 'status.example', port: 65_535 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
  ])('takes %s as an address', (text, expected) => {
    expect(read('status', text)).toEqual(expected);
  });

  it.each(['', '65536', '::1:9464', 'a:', 'a:b', '9464 ', 'http://a:1'])('refuses %j as an address', (text) => {
    expect(read('status', text)).toEqual(['must be PORT or HOST:PORT, for example 9464']);
  });

  it.each([
    ['2', 2],
    ['true', 1],
    ['off', 0],
  ])('takes %s as a level', (text, expected) => {
    expect(read('debug', text)).toBe(expected);
  });

  it('refuses a level of two digits', () => {
    expect(read('debug', '10')).toEqual(['must be a number: 0, 1 or 2']);
  });

  it.each(['redis://h', 'redis://h/', 'rediss://user:p%40ss@h:1/15', 'redis://[::1]:6379/0'])('takes %s', (url) => {
    expect(read('redis', url)).toBe(url);
  });

  it.each([
    ['redis://h/123456', 'must end with the number of a database or nothing, for example redis://localhost:6379/1'],
    ['redis://u%zz@h', 'must have a % in its user or password written as %25'],
    ['redis://h/1#x', 'must not have a # in it: write %23 for one in a password'],
    ['localhost', 'must be a URL with redis:// or rediss://'],
  ])('refuses %s as a Redis', (url, message) => {
    expect(read('redis', url)).toEqual([message]);
  });

  it.each(['wss://10.0.0.1', 'wss://[::1]:443', 'wss://0x7f000001'])('refuses the address %s as a relay', (url) => {
    expect(read('relay', url)).toEqual(['must have a domain name, not an address']);
  });

  it('takes two relays of one host on two ports, and no relay twice', () => {
    expect(read('relay', 'wss://a:1', 'wss://a:2')).toEqual(['wss://a:1', 'wss://a:2']);
    const message = 'must be different relays: two connections to one relay replace each other';
    expect(read('relay', 'wss://a', 'wss://A:443/')).toEqual([message]);
  });

  it('tells an empty list of callers, which admits nobody, from none, which admits all', () => {
    expect(read('allow-for', 'wallet.pay=')).toEqual(new Map([['wallet.pay', new Set()]]));
    expect(SETTINGS_SCHEMA.shape['allow-for'].parse(undefined)).toBeUndefined();
  });
});
