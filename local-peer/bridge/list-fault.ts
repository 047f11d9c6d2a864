/** A list takes nothing, and Redis says why: the same entry need not be given again. The message is for people. */
export class ListFault extends Error {
  override readonly name = 'ListFault';
}
