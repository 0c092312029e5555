import { chatgpt } from '../../products/chatgpt.ts';
import { roleLabel } from '../../realm/access.ts';
import { listNames } from '../../text.ts';
import type { Exchange } from '../exchange.ts';
import { initializeMessage, legacyMessage } from '../json-rpc.ts';
import {
  type Asked,
  type EraEvidence,
  makePost,
  openLegacy,
  openModern,
  type Post,
  sessionHeaders,
} from '../mcp-opening.ts';
import type { Run } from '../step.ts';
import { FOREIGN_ORIGIN } from './challenge.ts';
import type { Unsendable } from './token.ts';

/** The endpoint's answers. A field is undefined where there was nothing to send, or no reason to. */
export interface McpEvidence {
  /** `initialize` and `server/discover` with the token. */
  eras: readonly EraEvidence[];
  narrowAccept: Asked | undefined;
  foreignOrigin: Exchange | undefined;
  allowedOrigins: readonly { origin: string; request: Exchange; preflight: Exchange }[];
  get: Exchange | undefined;
  unknownSession: Asked | undefined;
  deleted: Exchange | undefined;
  afterDelete: Asked | undefined;
  /** The answers to a token of somebody else's audience, and to a token in the query. */
  strangersToken: Exchange | undefined;
  queryToken: Exchange | undefined;
  /** `initialize` with a token that has none of the scopes which the challenge demands. */
  bare: Asked | undefined;
  /** The reason why the answers to the probe's token prove nothing: it lacks a scope that needs a role. */
  unproven: Unsendable | undefined;
}

const UNKNOWN_SESSION = 'mcpkc-unknown-session';
const NOTHING: McpEvidence = {
  eras: [],
  narrowAccept: undefined,
  foreignOrigin: undefined,
  allowedOrigins: [],
  get: undefined,
  unknownSession: undefined,
  deleted: undefined,
  afterDelete: undefined,
  strangersToken: undefined,
  queryToken: undefined,
  bare: undefined,
  unproven: undefined,
};

/**
 * Opens the MCP server in both eras, lists its tools (none is called), and tries requests that a good MCP server
 * refuses.
 */
export async function probeMcp(run: Run): Promise<McpEvidence> {
  // An MCP server that doesn't even challenge is not asked further: every answer would be a time-out, or mean nothing.
  if (run.parts.challenge?.tokenless.status !== 401) return NOTHING;
  const sendable = run.parts.token?.sendable;
  const stranger = run.parts.token?.stranger;
  const post = makePost(run, sendable?.token);
  const bareToken = run.parts.token?.bare;
  const [origins, strangersToken, eras, bare] = await Promise.all([
    run.wants('MCP-ORIGIN-ALLOWED') ? probeOrigins(run) : [],
    stranger === undefined ? undefined : makePost(run, stranger)(initializeMessage()),
    sendable === undefined ? [] : Promise.all([openModern(post), openLegacy(post)]),
    bareToken === undefined ? undefined : makePost(run, bareToken)(initializeMessage()),
  ]);
  const evidence = {
    ...NOTHING,
    eras,
    allowedOrigins: origins,
    strangersToken: strangersToken?.exchange,
    bare,
  };
  const unproven = lacksRole(run, eras);
  if (sendable === undefined || unproven) return { ...evidence, eras: unproven ? [] : eras, unproven };
  return { ...evidence, ...(await probeBehaviour(run, eras, post)) };
}

/**
 * Whether the MCP server refused the probe's token for nothing but a scope that it demands and that needs a role. The
 * probe's service account has no role, and Keycloak leaves the scope out (26.4.0 to 26.7.4).
 */
function lacksRole({ parts, inside }: Run, eras: readonly EraEvidence[]): Unsendable | undefined {
  const { sendable } = parts.token ?? {};
  const { roles: { gates } = {}, scope = '' } = inside?.server ?? {};
  const isDemanded = parts.challenge?.scopes.includes(scope) === true;
  if (sendable?.source !== 'client-credentials' || gates === undefined || !isDemanded) return undefined;
  const has = String(sendable.claims.scope ?? '').split(' ');
  const isRefused = eras.every(({ open: { exchange } }) => [401, 403].includes(exchange.status ?? 0));
  if (has.includes(scope) || !isRefused) return undefined;
  const roles = listNames(gates.map(roleLabel)) || 'that nobody has';
  return {
    message: `The MCP server demands the scope ${scope}, which takes the role ${roles}; the probe’s token lacks both and was refused.`,
    fix: 'Sign in as somebody who may use it (--login), or hand a token in (--token-file).',
  };
}

async function probeBehaviour(
  run: Run,
  eras: readonly EraEvidence[],
  post: Post,
): Promise<Partial<McpEvidence>> {
  const { recorder, target, parts } = run;
  const token = parts.token?.sendable?.token ?? '';
  const legacy = eras.find(({ era, spoken }) => era === 'legacy' && spoken);
  const session = legacy?.session;
  const headers = sessionHeaders(session, legacy?.revision);
  const own = { to: 'mcp-server', own: true } as const;
  const bearer = { authorization: `Bearer ${token}` };
  const [narrowAccept, foreignOrigin, get, queryToken, unknownSession] = await Promise.all([
    legacy && post(initializeMessage(), { accept: 'application/json' }),
    post(initializeMessage(), { origin: FOREIGN_ORIGIN }),
    recorder.send(target.mcp, {
      ...own,
      headers: { ...bearer, ...(session === undefined ? {} : headers), accept: 'text/event-stream' },
      onlyOpens: true,
    }),
    probeQuery(run),
    session === undefined
      ? undefined
      : post(legacyMessage('tools/list'), sessionHeaders(UNKNOWN_SESSION, legacy?.revision)),
  ]);
  const rest = { narrowAccept, foreignOrigin: foreignOrigin.exchange, get, queryToken, unknownSession };
  if (session === undefined) return rest;
  const deleted = await recorder.send(target.mcp, {
    ...own,
    method: 'DELETE',
    headers: { ...bearer, ...headers },
  });
  const ended = deleted.status !== undefined && deleted.status < 300;
  return {
    ...rest,
    deleted,
    afterDelete: ended ? await post(legacyMessage('tools/list'), headers) : undefined,
  };
}

/** A genuine token in the URL ends up in logs: only the probe's own is sent there, which dies with the probe. */
function probeQuery(run: Run): Promise<Exchange> | undefined {
  const { sendable } = run.parts.token ?? {};
  if (sendable?.source !== 'client-credentials') return undefined;
  const url = new URL(run.target.mcp);
  url.searchParams.set('access_token', sendable.token);
  return makePost(run, undefined)(initializeMessage(), {}, url.href).then(({ exchange }) => exchange);
}

async function probeOrigins({ recorder, target }: Run): Promise<McpEvidence['allowedOrigins']> {
  const message = initializeMessage();
  const own = { to: 'mcp-server', own: true } as const;
  const origins = [...new Set([...chatgpt.origins, ...target.allowedOrigins])];
  return Promise.all(
    origins.map(async (origin) => {
      const preflight = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, content-type',
      };
      const [request, answer] = await Promise.all([
        recorder.send(target.mcp, {
          ...own,
          method: 'POST',
          headers: { ...message.headers, origin },
          body: message.body,
        }),
        recorder.send(target.mcp, { ...own, method: 'OPTIONS', headers: preflight }),
      ]);
      return { origin, request, preflight: answer };
    }),
  );
}
