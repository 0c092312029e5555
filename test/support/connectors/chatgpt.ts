import { CookieJar } from './cookies.ts';
import { type Discovery, discover } from './discovery.ts';
import { type ToolCall, type ToolVisit, visit, type Wire } from './mcp.ts';
import { type Fetch, fail, type Outcome, type Stage } from './outcome.ts';
import { CHATGPT, type Product } from './products.ts';
import * as requests from './requests.ts';
import { type Callback, signIn, type User } from './sign-in.ts';
import { type Pkce, requestTokens, type StoredClient, type Tokens } from './tokens.ts';

/** How to differ from ChatGPT on a sunny day. */
export interface ConnectorOptions {
  readonly product?: Product;
  /** A client from an earlier registration or connection; with it, the connector doesn't register. */
  readonly client?: StoredClient | undefined;
  /** Asked for instead of what the product would ask for. */
  readonly scope?: string;
  readonly pkce?: Pkce;
  readonly refuseConsent?: boolean;
  /** The person's browser; share it to reuse a session. */
  readonly jar?: CookieJar;
  readonly wire?: Wire;
  readonly fetch?: Fetch;
  /** Told before each stage, for those who watch. */
  readonly onStage?: (stage: Stage) => void;
}

/** What a connection ends with. */
export interface Connection extends ToolVisit, StoredClient {
  readonly tokens: Tokens;
  /** The access token's payload. */
  readonly claims: Tokens['claims'];
}

/**
 * A connector as the products build them, ChatGPT unless told otherwise: discovery, dynamic registration, sign-in
 * with PKCE, token exchange, tool call. Each stage can be run alone; what a server says never throws.
 */
export class Connector {
  readonly mcpUrl: string;
  readonly product: Product;
  readonly jar: CookieJar;
  /** The client, once registered or restored. */
  client: StoredClient | undefined;
  /** The tokens, once there are some. */
  tokens: Tokens | undefined;
  readonly #options: ConnectorOptions;
  readonly #fetch: Fetch;
  #discovery: Discovery | undefined;
  #pending: requests.PendingAuthorization | undefined;

  constructor(mcpUrl: string, options: ConnectorOptions = {}) {
    this.mcpUrl = mcpUrl;
    this.product = options.product ?? CHATGPT;
    this.jar = options.jar ?? new CookieJar();
    this.client = options.client;
    this.#options = options;
    this.#fetch = options.fetch ?? globalThis.fetch;
  }

  /** Everything, from the first request to a tool's result; registers unless there is a client. */
  async connect(user: User, call: ToolCall = {}): Promise<Outcome<Connection>> {
    const registered = this.client ? undefined : await this.register();
    if (registered?.ok === false) return registered;
    const callback = await this.authorize(user);
    if (!callback.ok) return callback;
    const tokens = await this.exchange(callback.code);
    if (!tokens.ok) return tokens;
    const visited = await this.callTool(call.name, call.arguments);
    if (!visited.ok) return visited;
    return { ...this.#client, ...visited, claims: tokens.claims, tokens };
  }

  /** Finds the authorization server; what it finds is kept. */
  async discover(): Promise<Outcome<Discovery>> {
    if (this.#discovery) return { ok: true, ...this.#discovery };
    this.#enter('challenge');
    const { resourceMatch, userAgent } = this.product;
    const found = await discover(this.mcpUrl, {
      fetch: this.#fetch,
      userAgent: userAgent.mcp,
      resourceMatch,
    });
    if (found.ok) this.#discovery = found;
    return found;
  }

  /** Registers a new client, also where there is one. */
  async register(): Promise<Outcome<requests.Registered>> {
    const found = await this.discover();
    if (!found.ok) return found;
    this.#enter('registration');
    const registered = await requests.registerClient(this.product, found, this.#fetch);
    if (registered.ok) this.client = registered;
    return registered;
  }

  /** Sends the person to the authorization server and waits for the code. */
  async authorize(user: User): Promise<Outcome<Callback>> {
    const found = await this.discover();
    if (!found.ok) return found;
    this.#enter('authorization');
    const pending = requests.pendingAuthorization(this.product, found, {
      clientId: this.#client.clientId,
      scope: this.#options.scope ?? requests.requestedScope(this.product, found, this.#client),
      pkce: this.#options.pkce ?? 'S256',
    });
    this.#pending = pending;
    const result = await signIn(pending.url, {
      user,
      redirectUri: pending.redirectUri,
      refuseConsent: this.#options.refuseConsent ?? false,
      jar: this.jar,
      fetch: this.#fetch,
    });
    return (result.params && requests.suspicion(result.params, pending)) ?? result;
  }

  /** Turns the code of the last authorization into tokens. */
  async exchange(code: string): Promise<Outcome<Tokens>> {
    const pending = this.#pending;
    if (!pending) return fail('token', 0, 'no_authorization', 'nobody was sent to the authorization server');
    const proof = this.#options.pkce === 'none' ? {} : { code_verifier: pending.codeVerifier };
    const grant = { grant_type: 'authorization_code', code, redirect_uri: pending.redirectUri, ...proof };
    return this.#askTokens('token', grant);
  }

  /** Renews the tokens. */
  async refresh(): Promise<Outcome<Tokens>> {
    const token = this.tokens?.refreshToken;
    if (!token) return fail('refresh', 0, 'no_refresh_token', 'there is no refresh token to use');
    return this.#askTokens('refresh', { grant_type: 'refresh_token', refresh_token: token });
  }

  /** Opens the MCP server with the token and calls a tool, the first listed one unless named. */
  callTool(name?: string, args: Readonly<Record<string, unknown>> = {}): Promise<Outcome<ToolVisit>> {
    this.#enter('mcp');
    const token = this.tokens?.accessToken ?? '';
    const userAgent = this.product.userAgent.mcp;
    const target = { url: this.mcpUrl, token, fetch: this.#fetch, userAgent };
    return visit(this.#options.wire ?? 'bare', target, { name, arguments: args });
  }

  async #askTokens(
    stage: 'token' | 'refresh',
    grant: Readonly<Record<string, string>>,
  ): Promise<Outcome<Tokens>> {
    const found = await this.discover();
    if (!found.ok) return found;
    this.#enter(stage);
    const tokens = await requestTokens(stage, {
      endpoint: found.server.tokenEndpoint,
      client: this.#client,
      product: this.product,
      fetch: this.#fetch,
      params: { ...grant, resource: found.resource },
    });
    if (tokens.ok) this.tokens = tokens;
    return tokens;
  }

  get #client(): StoredClient {
    return this.client ?? { clientId: '' };
  }

  #enter(stage: Stage): void {
    this.#options.onStage?.(stage);
  }
}
