import manifest from './package.json' with { type: 'json' };

/** The commit that a bundle was built from; only a bundle knows. */
declare const RMB_COMMIT: string | undefined;

/** Of package.json. */
export const PACKAGE_VERSION = manifest.version;

/** What `--version` prints: `0.1.0 (abc1234)` when built from git, `0.1.0` otherwise. */
export const RELEASE =
  typeof RMB_COMMIT === 'undefined' || RMB_COMMIT === '' ? PACKAGE_VERSION : `${PACKAGE_VERSION} (${RMB_COMMIT})`;
