/** What `/version` says; the version is package.json's. */
export const NAME = 'rmb-edge';
export const VERSION = '0.1.0';
