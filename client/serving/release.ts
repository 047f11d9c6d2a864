/** Reply of a program to `rmb.version`; the version is that of package.json. */
export const RELEASE = 'rmb-client 0.1.0';
