import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of the live network's metadata on machines that have it: it is not part of this repository. */
export const LIVE_METADATA = fileURLToPath(new URL('../../../../shared/chain/tfchain-metadata.scale', import.meta.url));
export const hasLiveMetadata = existsSync(LIVE_METADATA);
