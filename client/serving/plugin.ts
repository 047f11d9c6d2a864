/** A request of a local program, for one or more twins. */
export interface LocalRequest {
  readonly ref: string | null;
  readonly command: string;
  /** Seconds for which a reply is of use. */
  readonly expiration: number;
  readonly data: Uint8Array;
  readonly tags: string | null;
  readonly destinations: readonly number[];
  /** The queue in which the program expects replies. */
  readonly replyTo: string;
  readonly schema: string | null;
  /** Unix seconds. */
  readonly now: number;
}

/** A verified and decrypted request of another twin. */
export interface RemoteRequest {
  readonly uid: string;
  /** "twin" or "twin:sid". */
  readonly source: string;
  readonly command: string;
  readonly data: Uint8Array;
  readonly tags: string | null;
  readonly schema: string | null;
}

/** Reply of a plugin: data, or an error instead. */
export interface PluginReply {
  readonly data: Uint8Array;
  readonly schema?: string;
  readonly error?: { readonly code: number; readonly message: string };
  /** Seconds for which the reply is of use; 1800 when absent. */
  readonly ttl?: number;
}

/**
 * Serves commands inside the peer, without a queue. A plugin named `x` sees every command `x.…`. A command for which its
 * handler returns undefined goes the usual way. An exception of a handler becomes an error reply with code 500. A
 * plugin sees each request once.
 */
export interface Plugin {
  /** First word of its commands, without a dot. */
  readonly name: string;
  /** Handles a request of a local program. A reply from here keeps the request on this machine. */
  local?(request: LocalRequest): Promise<PluginReply | undefined>;
  /** Handles a request of another twin. A reply from here keeps the request away from services. */
  remote?(request: RemoteRequest): Promise<PluginReply | undefined>;
}
