/** Written by the build step of a deploy (tools/build/note-commit.ts). The file does not exist before. */
export const COMMIT: string;
/** When the bundle was built, as an ISO time. */
export const BUILT_AT: string;
