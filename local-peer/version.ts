import { PACKAGE_VERSION } from './release.ts';

/** What `rmb.version` answers. */
export const VERSION = `rmb-edge ${PACKAGE_VERSION}`;
