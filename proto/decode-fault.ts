/** Why bytes are not the expected protobuf message. */
export interface DecodeFault {
  readonly reason: 'malformed';
  readonly detail: string;
}
