/**
 * What programs import from `@threefold/rmb_direct_client`, among them `@threefold/grid_client`, on this client:
 * another import, and the program stays as it is. docs/client.md says what differs.
 */
export { Client } from './client.ts';
export { generatePublicKey } from './secret.ts';
