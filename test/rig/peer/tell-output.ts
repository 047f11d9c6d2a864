import { writeSync } from 'node:fs';

/**
 * Loaded into a command by `--import`. It says on stderr when the command has written to stdout for the first time,
 * and at the end how many bytes are still in the process: those are lost.
 */
const { stdout } = process;
let hasWritten = false;
stdout.write = new Proxy(stdout.write, {
  apply(write, _, args) {
    const result = Reflect.apply(write, stdout, args);
    if (!hasWritten) writeSync(2, 'written\n');
    hasWritten = true;
    return result;
  },
});
process.on('exit', () => writeSync(2, `lost ${stdout.writableLength}\n`));
