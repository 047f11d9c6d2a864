/** The last group of a UUID, when it is a number. */
const NUMBER_AT_END = /\d{12}$/;

/**
 * Returns a uid that no other request has. A number of 12 digits in it could read as the times and the id of a twin
 * below 10, and such a twin would not sign its reply.
 */
export function freshUid(): string {
  for (;;) {
    const uid = crypto.randomUUID();
    if (!NUMBER_AT_END.test(uid)) return uid;
  }
}
