import { z } from 'zod';
import type { Region } from '../../durable-objects/placement/region.ts';

const text = z.string().optional().catch(undefined);

/** Where a request comes from, e.g. `NA`, `US`, `-97.74`. The platform may leave out any of them. */
const origin = z.object({ continent: text, country: text, longitude: text });

const BY_CONTINENT: ReadonlyMap<string, Region> = new Map([
  ['NA', 'enam'],
  ['SA', 'sam'],
  ['EU', 'weur'],
  ['AS', 'apac'],
  ['OC', 'oc'],
  ['AF', 'afr'],
]);

/** Countries whose network is nearer to another region than to that of their continent. */
const BY_COUNTRY: readonly (readonly [Region, string])[] = [
  ['me', 'AE AF BH IL IQ IR JO KW LB OM PK PS QA SA SY YE'],
  ['eeur', 'AM AZ CY GE KG KZ TJ TM TR UZ'],
  ['weur', 'DZ EG LY MA TN'],
  ['apac-ne', 'CN HK JP KP KR MN MO TW'],
  ['apac-se', 'BN ID KH LA MM MY PH SG TH TL VN'],
];

/** Degrees of longitude at which a continent has a second region, and from where to where it is. */
const BY_LONGITUDE: readonly (readonly [continent: string, from: number, to: number, Region])[] = [
  ['NA', -180, -100, 'wnam'],
  // The Aleutian Islands beyond the date line.
  ['NA', 170, 180, 'wnam'],
  ['EU', 15, 120, 'eeur'],
  // Russia's Pacific coast.
  ['EU', 120, 180, 'apac-ne'],
];

const COUNTRIES = new Map(BY_COUNTRY.flatMap(([region, codes]) => codes.split(' ').map((code) => [code, region])));

/**
 * Returns the region that is nearest to a client by network; undefined if the platform does not say where the client is.
 * @param cf of the request
 */
export function regionOf(cf: unknown): Region | undefined {
  const { continent, country, longitude } = origin.safeParse(cf).data ?? {};
  if (continent === undefined) return undefined;
  const byCountry = country === undefined ? undefined : COUNTRIES.get(country);
  if (byCountry !== undefined) return byCountry;
  const degrees = longitude ? Number(longitude) : Number.NaN;
  const finer = BY_LONGITUDE.find(([each, from, to]) => each === continent && from <= degrees && degrees < to);
  return finer?.[3] ?? BY_CONTINENT.get(continent);
}
