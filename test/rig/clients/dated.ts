/** An HTTP answer with this Date, in place of its own or of none: workerd on this machine gives none. @param now Unix ms */
export function withDate(chunk: Buffer, now: number): Buffer {
  const text = chunk.toString('latin1');
  if (!text.startsWith('HTTP/1.1')) return chunk;
  const bare = text.replace(/\r\ndate: [^\r]*/i, '');
  return Buffer.from(bare.replace('\r\n', `\r\nDate: ${new Date(now).toUTCString()}\r\n`), 'latin1');
}
