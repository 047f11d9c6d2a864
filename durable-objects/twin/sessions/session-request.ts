/**
 * The request with which the Worker hands a WebSocket to the twin's object, after it has checked the token. The object
 * trusts it, because only the Worker can reach the object.
 */
export interface SessionRequest {
  readonly twin: number;
  readonly sid?: string | undefined;
  readonly host: string;
  /** The client offers custody. */
  readonly offersCustody?: boolean;
}

/** Returns the URL of an internal request. A sid may hold any characters, so it is percent-encoded. */
export function sessionUrl(request: SessionRequest): string {
  const url = new URL('https://twin/session');
  url.searchParams.set('twin', String(request.twin));
  if (request.sid !== undefined) url.searchParams.set('sid', request.sid);
  url.searchParams.set('host', request.host);
  if (request.offersCustody === true) url.searchParams.set('custody', '1');
  return url.href;
}

/** Parses a URL of `sessionUrl`. */
export function readSessionUrl(text: string): SessionRequest {
  const { searchParams } = new URL(text);
  return {
    twin: Number(searchParams.get('twin')),
    sid: searchParams.get('sid') ?? undefined,
    host: searchParams.get('host') ?? '',
    ...(searchParams.get('custody') === '1' && { offersCustody: true }),
  };
}
