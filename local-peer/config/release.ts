import manifest from '../package.json' with { type: 'json' };

/** The commit that a bundle was built from; only a bundle knows. */
declare const RMB_COMMIT: string | undefined;

/** The version of package.json. */
const PACKAGE_VERSION = manifest.version;

/** Output of `--version`: `0.1.0 (abc1234)` when built from git, `0.1.0` otherwise. */
export const RELEASE =
  typeof RMB_COMMIT === 'undefined' || RMB_COMMIT === '' ? PACKAGE_VERSION : `${PACKAGE_VERSION} (${RMB_COMMIT})`;

/** Reply to `rmb.version`. */
export const VERSION = `rmb-edge ${PACKAGE_VERSION}`;
