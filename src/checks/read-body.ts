import type { ExchangeProblem } from './exchange.ts';

/** The most bytes that are read of a body: a mebibyte, unpacked. */
const MOST_BYTES = 1_048_576;

/** A body, or as much of it as was read. */
export interface Body {
  text: string;
  problem: ExchangeProblem | undefined;
}

/** Reads a body until its end, the cap, or `enough`; the rest is not waited for. Throws the connection's errors. */
export async function readBody(response: Response, enough: (text: string) => boolean): Promise<Body> {
  const reader = response.body?.getReader();
  if (!reader) return { text: '', problem: undefined };
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const stop = () => void reader.cancel().catch(() => {});
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text: text + decoder.decode(), problem: undefined };
    bytes += value.byteLength;
    if (bytes > MOST_BYTES) {
      stop();
      return { text, problem: { kind: 'too-long', message: 'its body is longer than a mebibyte' } };
    }
    text += decoder.decode(value, { stream: true });
    if (enough(text)) {
      stop();
      return { text, problem: undefined };
    }
  }
}
