/** What `rmb.version` answers. */
export const VERSION = 'rmb-edge 0.1.0';
