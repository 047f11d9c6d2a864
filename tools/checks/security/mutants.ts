import type { SecurityMutant } from './mutant.ts';
import { PEER_MUTANTS } from './mutants-peer.ts';
import { PROTO_MUTANTS } from './mutants-proto.ts';
import { RELAY_MUTANTS } from './mutants-relay.ts';
import { SYSTEM_MUTANTS } from './mutants-system.ts';

/** All removable protections; a test cited in docs/security.md must fail without each. */
export const SECURITY_MUTANTS: readonly SecurityMutant[] = [
  ...PROTO_MUTANTS,
  ...RELAY_MUTANTS,
  ...PEER_MUTANTS,
  ...SYSTEM_MUTANTS,
];
