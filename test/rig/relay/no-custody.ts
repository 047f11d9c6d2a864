/** Custody in an object whose sessions are all plain: what unit tests of the other parts use. */
export const NO_CUSTODY = {
  session: () => undefined,
  fits: () => false,
  give: () => undefined,
  givePage: () => undefined,
  end: () => undefined,
  settled: () => undefined,
  passOn: () => undefined,
  receive: () => undefined,
  tell: () => undefined,
};
