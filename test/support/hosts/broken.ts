/** A real host with one thing wrong: the example host behind a small proxy that spoils what the knob says. */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readConfig } from '../../../examples/mcp-host/config.ts';
import { type RunningHost, startHost } from '../../../examples/mcp-host/host.ts';
import { ConnectionReset, type Facts, type Fault, type FaultRequest, type Knob, type Pass } from './fault.ts';
import { challengeKnobs } from './faults/challenge.ts';
import { metadataKnobs } from './faults/metadata.ts';
import { protocolKnobs } from './faults/protocol.ts';
import { wireKnobs } from './faults/wire.ts';
import { type Env, hostEnv } from './good.ts';
import { type HostSetup, serve, type TestHost } from './serve.ts';

export const knobs = { ...metadataKnobs, ...challengeKnobs, ...protocolKnobs, ...wireKnobs };
export type KnobName = keyof typeof knobs;
export const knobNames = Object.keys(knobs) as KnobName[];
/** The knobs with their sentences and the checks that each breaks. */
export const knob = (name: KnobName): Knob => knobs[name];

export interface BrokenSetup extends HostSetup {
  /** Turns the faults on and off while the host runs; on if not given. */
  enabled?: (request: FaultRequest) => boolean;
  /** Overrides for the host behind the proxy. */
  env?: Env;
}

/** Starts a host with one knob turned, or several (the first is the outermost). */
export function startBrokenHost(
  names: KnobName | readonly KnobName[],
  setup: BrokenSetup,
): Promise<TestHost> {
  const faults = [names].flat().map((name) => knob(name).fault);
  return startFaultyHost(chain(faults), setup);
}

/** The same for a fault that has no name. */
export function startFaultyHost(fault: Fault, setup: BrokenSetup): Promise<TestHost> {
  return serve((origin) => {
    const facts: Facts = { origin, url: `${origin}/mcp`, issuer: setup.issuer };
    const upstreams = upstreamHosts((env) => hostEnv(origin, setup, { ...setup.env, ...env }));
    const pass: Pass = async (request, env = {}) => forward(await upstreams.get(env), request);

    const listener = async (req: IncomingMessage, res: ServerResponse) => {
      try {
        const request = await received(req);
        const spoiled = setup.enabled?.(request) ?? true;
        await answer(res, await (spoiled ? fault(request, pass, facts) : pass(request)));
      } catch (error) {
        // Whatever else goes wrong in a fault must be seen as such, not be taken for the fault.
        if (!(error instanceof ConnectionReset) && !res.headersSent) res.writeHead(599, String(error)).end();
        else req.socket.resetAndDestroy();
      }
    };
    return { listener, close: upstreams.stop };
  });
}

function chain(faults: readonly Fault[]): Fault {
  const [first, ...rest] = faults;
  if (first === undefined) return (request, pass) => pass(request);
  const inner = chain(rest);
  return (request, pass, facts) =>
    first(request, async (changed, env) => inner(changed, (r, e) => pass(r, { ...env, ...e }), facts), facts);
}

/** Example hosts that believe to be reached through the proxy, one per configuration that was asked for. */
function upstreamHosts(envFor: (env: Env) => Env) {
  const started = new Map<string, Promise<RunningHost>>();
  return {
    get(env: Env): Promise<RunningHost> {
      const key = JSON.stringify(env);
      const host = started.get(key) ?? startHost(readConfig(envFor(env)), { port: 0, log: () => {} });
      started.set(key, host);
      return host;
    },
    async stop() {
      await Promise.all([...started.values()].map(async (host) => (await host).stop()));
    },
  };
}

async function received(req: IncomingMessage): Promise<FaultRequest> {
  const { pathname, search } = new URL(req.url ?? '/', 'http://host');
  const headers = new Headers(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
  return { method: req.method ?? 'GET', path: pathname, query: search, headers, body: await text(req) };
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function forward(host: RunningHost, request: FaultRequest): Promise<Response> {
  const headers = {
    ...Object.fromEntries(request.headers),
    'content-length': Buffer.byteLength(request.body),
  };
  const { method, path, query, body } = request;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(host.origin + path + query, { method, headers, agent: false }, (message) => {
      const status = message.statusCode ?? 0;
      const replied = new Headers(
        Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
      );
      for (const name of ['connection', 'keep-alive', 'transfer-encoding']) replied.delete(name);
      const content = [204, 304].includes(status) || method === 'HEAD' ? null : Readable.toWeb(message);
      if (content === null) message.resume();
      resolve(
        new Response(content as ConstructorParameters<typeof Response>[0], { status, headers: replied }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function answer(res: ServerResponse, response: Response): Promise<void> {
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) res.end();
  else {
    res.flushHeaders();
    await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), res);
  }
}
