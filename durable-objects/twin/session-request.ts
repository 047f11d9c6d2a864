/**
 * The request with which the Worker, after it has checked the token, hands a WebSocket to the twin's object.
 * The object believes it: nobody else can reach the object.
 */
export interface SessionRequest {
  readonly twin: number;
  readonly sid?: string | undefined;
  readonly host: string;
}

/** As the URL of an internal request; a sid may hold any characters, so it travels percent-encoded. */
export function sessionUrl(request: SessionRequest): string {
  const url = new URL('https://twin/session');
  url.searchParams.set('twin', String(request.twin));
  if (request.sid !== undefined) url.searchParams.set('sid', request.sid);
  url.searchParams.set('host', request.host);
  return url.href;
}

/** Reads what `sessionUrl` wrote. */
export function readSessionUrl(text: string): SessionRequest {
  const { searchParams } = new URL(text);
  return {
    twin: Number(searchParams.get('twin')),
    sid: searchParams.get('sid') ?? undefined,
    host: searchParams.get('host') ?? '',
  };
}
