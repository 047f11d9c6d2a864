import { z } from 'zod';

/** JSON-RPC 2.0 §5.1, and Substrate's 1010. */
export const CODE = {
  parse: -32_700,
  request: -32_600,
  unknownMethod: -32_601,
  params: -32_602,
  internal: -32_603,
  invalidTransaction: 1010,
} as const;

/** An error that a method returns to its caller. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: string | undefined;

  constructor(code: number, message: string, data?: string) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

const id = z.union([z.string(), z.number(), z.null()]);
const request = z.object({
  jsonrpc: z.literal('2.0'),
  id,
  method: z.string(),
  params: z.array(z.unknown()).default([]),
});
type RpcRequest = z.infer<typeof request>;

const MAX_BATCH = 100;

/** The parameters of a call. */
export type Call = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Resolves with the answer to one message, a request or a batch. Every fault becomes an error answer. */
export async function answer(text: string, call: Call): Promise<string> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return JSON.stringify(failure(null, new RpcError(CODE.parse, 'Parse error')));
  }
  if (!Array.isArray(message)) return JSON.stringify(await answerOne(message, call));
  if (message.length === 0 || message.length > MAX_BATCH) {
    const fault = new RpcError(CODE.request, `Invalid request: a batch holds 1 to ${MAX_BATCH} calls`);
    return JSON.stringify(failure(null, fault));
  }
  return JSON.stringify(await Promise.all(message.map((each) => answerOne(each, call))));
}

async function answerOne(message: unknown, call: Call): Promise<object> {
  const parsed = request.safeParse(message);
  if (!parsed.success) return failure(null, new RpcError(CODE.request, 'Invalid request'));
  const { id, method, params } = parsed.data;
  try {
    return { jsonrpc: '2.0', id, result: (await call(method, params)) ?? null };
  } catch (error) {
    if (error instanceof z.ZodError) return failure(id, new RpcError(CODE.params, 'Invalid params', method));
    if (error instanceof RpcError) return failure(id, error);
    return failure(id, new RpcError(CODE.internal, 'Internal error', String(error)));
  }
}

function failure(id: RpcRequest['id'], { code, message, data }: RpcError): object {
  return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } };
}
