import { expect, it } from 'vitest';
import { federateUnderKills, killsText } from './rig/federation-kills.ts';

/** Of each of the two directions. */
const REQUESTS = 5_000;
const TTL = 45;
/** The suite's own time has an end; `npm run federation-kills` goes on for as long as one likes. */
const KILLING_MS = 30_000;

it('10,000 requests between twins of two relays come back while either relay is killed again and again', async () => {
  const report = await federateUnderKills(REQUESTS, TTL, KILLING_MS);
  console.log(killsText(report));
  expect(report.kills).toBeGreaterThan(1);
  for (const { lost, strays, answered, errors } of report.loads) {
    expect({ lost, strays }).toEqual({ lost: [], strays: [] });
    const refused = Object.values(errors).reduce((sum, each) => sum + each, 0);
    expect(answered + refused).toBeGreaterThanOrEqual(REQUESTS);
  }
}, 240_000);
