/** Name and version at `/version`. The version is that of package.json. */
export const NAME = 'rmb-edge';
export const VERSION = '0.1.0';
