import { ErrorReply } from 'redis';
import { z } from 'zod';
import type { RedisClient } from './watched-client.ts';

const hello = z.object({ mode: z.string() });

/**
 * Returns whether the server is a node of a Redis Cluster. HELLO tells it to users whose ACL forbids INFO.
 * Rejects when the connection is lost.
 */
export async function isCluster(client: RedisClient): Promise<boolean> {
  try {
    const { success, data } = hello.safeParse(await client.sendCommand(['HELLO']));
    return success && data.mode === 'cluster';
  } catch (error) {
    // A server in front of Redis may not know the command.
    if (error instanceof ErrorReply) return false;
    throw error;
  }
}
