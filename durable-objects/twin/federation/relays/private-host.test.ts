import { describe, expect, it } from 'vitest';
import { relayName } from '../../../../proto/relay-name.ts';
import { isPrivateHost } from './private-host.ts';

const isPrivate = (text: string) => isPrivateHost(relayName(text) ?? `invalid: ${text}`);

describe('isPrivateHost', () => {
  it.each([
    'localhost',
    'localhost:8787',
    'a.localhost',
    'printer.local',
    'metadata.google.internal',
    'redis',
    'redis:6379',
    '0.0.0.0',
    '10.1.2.3:80',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::]',
    '[::1]:80',
    'fd00:ec2::254',
    '[fe80::1]',
    '[ff02::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[::7f00:1]',
    '[64:ff9b::10.0.0.1]',
    '[2002:a00:1::]',
  ])('takes %s for private', (text) => {
    expect(isPrivate(text)).toBe(true);
  });

  it.each([
    'relay.grid.tf',
    'relay.example:8443',
    'local.example',
    'notlocalhost.example',
    '1.1.1.1',
    '11.0.0.1',
    '100.128.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '[2606:4700::1111]',
    '[::ffff:1.1.1.1]',
    '[64:ff9b::1.1.1.1]',
  ])('takes %s for public', (text) => {
    expect(isPrivate(text)).toBe(false);
  });
});
