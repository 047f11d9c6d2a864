import { RpcTarget } from 'cloudflare:workers';
import type { Answer, Batch, TwinLine } from '../../contract.ts';

/** A session of calls to a twin's object, as the platform hands it to another object. */
export class Line extends RpcTarget implements TwinLine {
  readonly #deliver: (batch: Batch) => Promise<Answer>;

  constructor(deliver: (batch: Batch) => Promise<Answer>) {
    super();
    this.#deliver = deliver;
  }

  deliver(batch: Batch): Promise<Answer> {
    return this.#deliver(batch);
  }
}
