/**
 * The installed program. It starts the peer, or names in one line the Node that the peer needs. It imports nothing
 * statically and is built for Node 16: an older Node cannot even parse the peer's own files.
 */

/** The oldest Node that the package promises to run on; `engines` in package.json says the same. */
const OLDEST_MAJOR = 22;

if (Number(process.versions.node.split('.')[0]) < OLDEST_MAJOR) {
  process.stderr.write(
    `rmb-peer: needs Node ${OLDEST_MAJOR} or later, but this is Node ${process.versions.node} (${process.execPath})\n`,
  );
  process.exitCode = 1;
} else {
  void import('../main.ts');
}
