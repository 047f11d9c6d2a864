import { bytesOf } from '../../asking/payload.ts';
import { aboutOf } from '../../discovery/about.ts';
import type { About } from '../../discovery/command-list.ts';
import { RmbError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type {
  AnyInputSchemas,
  Handler,
  HandlerReply,
  ServiceAbout,
  ServiceSchemas,
  Services,
  ValueHandler,
} from '../../public.ts';
import type { ServiceRequest } from '../durable.ts';
import type { HandlerContext, Outcome, RunHandler } from '../outcome.ts';
import type { StreamReply } from '../reply-stream.ts';
import { isSeveral, mapEach } from '../several.ts';
import { typedHandler } from './typed-handler.ts';

/** Words of letters, digits, `-` and `_`, with dots between them. */
const PREFIX = /^[\w-]+(\.[\w-]+)*$/;

/** Where services are added. */
export interface ServicesParts {
  add(command: string, handler: RunHandler, about: About): () => void;
  readonly log: Log;
}

/** Returns the services of a twin whose commands have one prefix. @param prefix with its dot; empty for none */
export function servicesAt(parts: ServicesParts, prefix = ''): Services {
  function serve(command: string, handler: Handler, about?: ServiceAbout): () => void;
  function serve<In, Out = unknown>(
    command: string,
    schemas: ServiceSchemas<In, Out>,
    handler: ValueHandler<In, NoInfer<Out>>,
  ): () => void;
  function serve<Out = unknown>(
    command: string,
    schemas: AnyInputSchemas<Out>,
    handler: ValueHandler<unknown, NoInfer<Out>>,
  ): () => void;
  function serve(
    command: string,
    first: Handler | ServiceSchemas<unknown, unknown> | AnyInputSchemas<unknown>,
    second?: ValueHandler<unknown, unknown> | ServiceAbout,
  ): () => void {
    const name = `${prefix}${command}`;
    if (typeof first === 'function') {
      const run: RunHandler = (request, context) => outcomeOf(first, request, context);
      return parts.add(name, run, aboutOf(typeof second === 'object' ? second : {}, first));
    }
    if (typeof second !== 'function') throw new RmbError('invalid', `the service '${name}' has no handler`);
    return parts.add(name, typedHandler(first, second, parts.log), aboutOf(first, second));
  }
  return {
    serve,
    router: (word) => {
      if (!PREFIX.test(word)) {
        throw new RmbError('invalid', `'${word}' is no prefix of commands: expected words with dots between, my.farm`);
      }
      return servicesAt(parts, `${prefix}${word}.`);
    },
  };
}

async function outcomeOf(handler: Handler, request: ServiceRequest, context: HandlerContext): Promise<Outcome> {
  try {
    const reply = await handler(request, context);
    if (isSeveral(reply)) return { kind: 'stream', replies: mapEach(reply, replyOf) };
    return { kind: 'response', ...replyOf(reply) };
  } catch (error) {
    return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
  }
}

function replyOf(reply: HandlerReply): StreamReply {
  if (typeof reply === 'string' || reply instanceof Uint8Array) return { data: bytesOf(reply) };
  const { data, schema } = reply;
  return { data: bytesOf(data), schema };
}
