/** The commit of the bundle, and when it was built; empty if no deploy built it, as under `npm run relay`. */
export async function built(): Promise<{ readonly commit?: string; readonly builtAt?: string }> {
  try {
    const { COMMIT, BUILT_AT } = await import('./commit.js');
    return { commit: COMMIT, builtAt: BUILT_AT };
  } catch {
    return {};
  }
}
