import { parseArgs } from 'node:util';
import { federateUnderKills, killsText } from '../test/rig/federation-kills.ts';

/** The kill test for as long as one likes: `npm run federation-kills -- --requests 50000 --minutes 10`. */
const { values } = parseArgs({
  options: { requests: { type: 'string', default: '20000' }, minutes: { type: 'string', default: '5' } },
});
const report = await federateUnderKills(Number(values.requests), 45, Number(values.minutes) * 60_000);
console.log(killsText(report));
const isBad = report.loads.some(({ lost, strays }) => lost.length > 0 || strays.length > 0);
process.exitCode = isBad ? 1 : 0;
