/** Hosts that misbehave on the wire, or set traps for a client that believes everything. */
import { setTimeout as sleep } from 'node:timers/promises';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import {
  ConnectionReset,
  headersWith,
  html,
  isEndpoint,
  isPrm,
  type Knob,
  only,
  reheaded,
  rewritten,
} from '../fault.ts';

const LINK_LOCAL = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/';
const MEBIBYTE = 1_048_576;
const ESCAPES = '\u001b[2J\u001b]0;owned\u0007\r\n::error::forged\u202etxt';

/**
 * So many mebibytes of blanks as one gzip member (RFC 1952). Only the first mebibyte is packed, and repeated: packing all
 * of it would keep the process, and with it the client that waits in the same one, from everything else for seconds.
 */
export function bomb(mebibytes: number): Uint8Array<ArrayBuffer> {
  const blanks = Buffer.alloc(MEBIBYTE, ' ');
  const block = deflateRawSync(blanks, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  let checksum = 0;
  for (let at = 0; at < mebibytes; at++) checksum = crc32(blanks, checksum);
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(mebibytes * MEBIBYTE, 4);
  const blocks = Array.from({ length: mebibytes }, () => block);
  return new Uint8Array(Buffer.concat([header, ...blocks, deflateRawSync(''), trailer]));
}

let packed: Uint8Array<ArrayBuffer> | undefined;

/** A body that is produced as it is read. */
function streamed(type: string, chunks: () => AsyncGenerator<string>, status = 200): Response {
  const encoder = new TextEncoder();
  const source = chunks();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await source.return(undefined);
    },
  });
  return new Response(body, { status, headers: { 'content-type': type } });
}

export const wireKnobs = {
  hang: {
    message: 'It takes requests and never answers.',
    breaks: ['CHAL-401', 'PRM-FOUND'],
    fault: () => new Promise<Response>(() => {}),
  },
  'slow-drip': {
    message: 'It sends its answers byte by byte, each just before a patient client gives up.',
    breaks: ['CHAL-401', 'PRM-FOUND'],
    fault: () =>
      streamed('application/json', async function* () {
        for (;;) {
          yield ' ';
          await sleep(100);
        }
      }),
  },
  'endless-stream': {
    message: 'Its answers are event streams that go on for ever and never have an answer in them.',
    breaks: ['CHAL-401', 'PRM-FOUND'],
    fault: () =>
      streamed('text/event-stream', async function* () {
        for (let event = 0; ; event++) {
          yield `event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"n":${event}}}\n\n`;
          await sleep(1);
        }
      }),
  },
  'huge-body': {
    message: 'Its metadata has two gibibytes.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, () =>
      streamed('application/json', async function* () {
        yield '{"resource":"';
        const chunk = 'x'.repeat(MEBIBYTE);
        for (let sent = 0; sent < 2048; sent++) yield chunk;
        yield '"}';
      }),
    ),
  },
  'gzip-bomb': {
    message: 'Its metadata is small on the wire and 256 mebibytes unpacked.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, () => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      packed ??= bomb(256);
      return new Response(packed, { headers });
    }),
  },
  'deep-json': {
    message: 'Its metadata nests a hundred thousand lists.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, () => {
      const body = '['.repeat(100_000) + ']'.repeat(100_000);
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    }),
  },
  'html-instead-of-json': {
    message: 'It answers everything with a page, and calls it JSON.',
    breaks: ['CHAL-401', 'PRM-FOUND'],
    fault: () => reheaded(html(200), { 'content-type': 'application/json' }),
  },
  'redirect-loop': {
    message: 'It redirects everything to itself.',
    breaks: ['CHAL-401', 'PRM-FOUND'],
    fault: ({ path, query }, _pass, { origin }) => {
      const location = `${origin}${path}?${(Number.parseInt(query.slice(1), 10) || 0) + 1}`;
      return new Response(null, { status: 302, headers: { location } });
    },
  },
  'metadata-link-local': {
    message: 'Its challenge sends clients to the metadata service of the cloud.',
    breaks: ['CHAL-HEADER'],
    fault: only(isEndpoint, async (request, pass) => {
      const response = await pass(request);
      const header = response.headers.get('www-authenticate');
      if (header === null) return response;
      const lure = header.replace(/resource_metadata="[^"]*"/, `resource_metadata="${LINK_LOCAL}"`);
      return reheaded(response, { 'www-authenticate': lure });
    }),
  },
  'metadata-file': {
    message: 'Its challenge sends clients to a file.',
    breaks: ['CHAL-HEADER'],
    fault: only(isEndpoint, async (request, pass) => {
      const response = await pass(request);
      const header = response.headers.get('www-authenticate');
      if (header === null) return response;
      const lure = header.replace(/resource_metadata="[^"]*"/, 'resource_metadata="file:///etc/passwd"');
      return reheaded(response, { 'www-authenticate': lure });
    }),
  },
  'metadata-redirect-link-local': {
    message: 'Its metadata redirects to the metadata service of the cloud.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, () => new Response(null, { status: 302, headers: { location: LINK_LOCAL } })),
  },
  'issuer-link-local': {
    message: 'Its metadata calls the metadata service of the cloud the issuer.',
    breaks: ['PRM-ISSUER'],
    fault: only(isPrm, async (request, pass) =>
      rewritten(await pass(request), (document) => ({ ...document, authorization_servers: [LINK_LOCAL] })),
    ),
  },
  reset: {
    message: 'It cuts every connection without an answer.',
    breaks: ['CHAL-401', 'PRM-FOUND'],
    fault: () => {
      throw new ConnectionReset();
    },
  },
  'truncated-json': {
    message: 'Its metadata ends in the middle of the JSON.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, async (request, pass) => {
      const text = await (await pass(request)).text();
      const headers = { 'content-type': 'application/json' };
      return new Response(text.slice(0, text.length / 2), { headers });
    }),
  },
  'truncated-body': {
    message: 'Its connection dies in the middle of the metadata.',
    breaks: ['PRM-FOUND'],
    fault: only(isPrm, async (request, pass) => {
      const text = await (await pass(request)).text();
      return streamed('application/json', async function* () {
        yield text.slice(0, text.length / 2);
        await sleep(10);
        throw new ConnectionReset();
      });
    }),
  },
  'terminal-escapes': {
    message: 'Its words try to take over the terminal and the log of anybody who prints them.',
    breaks: [],
    fault: async (request, pass) => {
      const response = await pass(request);
      const isOpenStream = request.method === 'GET' && isEndpoint(request);
      if (isOpenStream || !response.headers.has('content-type')) return response;
      const words = JSON.stringify(ESCAPES).slice(1, -1);
      const text = (await response.text())
        .replaceAll('Example MCP server', words)
        .replace('A bearer token is required', words);
      const headers = headersWith(response.headers, { 'content-length': undefined, etag: undefined });
      return new Response(text, { status: response.status, headers });
    },
  },
  'echoes-token': {
    message: 'It repeats the token in the header and the body of its answers.',
    breaks: [],
    fault: async (request, pass) => {
      const response = await pass(request);
      const token = request.headers.get('authorization');
      if (token === null) return response;
      const echoed = reheaded(response, { 'x-echo': token });
      if (!response.headers.get('content-type')?.startsWith('application/json')) return echoed;
      return rewritten(echoed, (document) => ({
        ...document,
        error_description: `Bad: ${token}`,
        echo: token,
      }));
    },
  },
} satisfies Record<string, Knob>;
