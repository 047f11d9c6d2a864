import { expect, it } from 'vitest';
import { productionFaults } from './production.ts';

const routes = [{ pattern: 'relay.example.org', custom_domain: true }];
const vars = { RELAY_DOMAINS: 'relay.example.org' };

it('a production relay needs a name and a route', () => {
  expect(productionFaults({ vars, routes })).toEqual([]);
  expect(productionFaults({ vars, route: 'relay.example.org/*' })).toEqual([]);
  expect(productionFaults({ vars: { RELAY_DOMAINS: '  ' }, routes })).toEqual([
    expect.stringMatching(/^RELAY_DOMAINS: /),
  ]);
  expect(productionFaults({ vars, routes: [] })).toEqual([expect.stringMatching(/^routes: /)]);
  expect(productionFaults({ vars: {} })).toHaveLength(2);
});
