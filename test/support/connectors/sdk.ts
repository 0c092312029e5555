import { Client, checkResourceAllowed, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Connection } from './chatgpt.ts';
import { CookieJar } from './cookies.ts';
import { callWithSdk, sdkFailure, type ToolCall } from './mcp.ts';
import { type Failure, type Fetch, fail, type Outcome, record } from './outcome.ts';
import { MemoryProvider, type ProviderOptions } from './sdk-provider.ts';
import { Watch } from './sdk-watch.ts';
import { type Callback, type SignInFailure, signIn, type User } from './sign-in.ts';
import { claimsOf, type StoredClient, type Tokens } from './tokens.ts';

/** How to differ from the SDK's client as it is. */
export interface SdkConnectorOptions extends Partial<ProviderOptions> {
  readonly refuseConsent?: boolean;
  readonly jar?: CookieJar;
  readonly fetch?: Fetch;
  /** The protocol era: the SDK's default is `legacy`; `auto` probes for the modern one first. */
  readonly era?: 'legacy' | 'auto';
}

/**
 * The official MCP SDK's client with a person behind it: a connector that shares no code with the other one. It sends
 * `scope` in its registration whenever it knows one.
 */
export class SdkConnector {
  readonly mcpUrl: string;
  readonly jar: CookieJar;
  readonly #options: SdkConnectorOptions;
  readonly #provider: MemoryProvider;
  readonly #watch: Watch;
  #user: User | undefined;
  #signedIn: Callback | SignInFailure | undefined;

  constructor(mcpUrl: string, options: SdkConnectorOptions = {}) {
    this.mcpUrl = mcpUrl;
    this.jar = options.jar ?? new CookieJar();
    this.#options = options;
    this.#watch = new Watch(mcpUrl, options.fetch ?? globalThis.fetch);
    const me = {
      clientName: options.clientName ?? 'MCP SDK client',
      redirectUri: options.redirectUri ?? 'http://127.0.0.1:8765/callback',
      authMethod: options.authMethod ?? 'client_secret_basic',
      scope: options.scope,
      client: options.client,
    };
    this.#provider = new MemoryProvider(me, (url, redirectUri) => this.#sendPerson(url, redirectUri));
  }

  /** The client, once registered or restored. */
  get client(): StoredClient | undefined {
    const registration = record(this.#provider.information);
    const { client_id: clientId, client_secret: clientSecret } = this.#provider.information ?? {};
    return clientId === undefined ? undefined : { clientId, clientSecret, registration };
  }

  /** Everything, from the first request to a tool's result. */
  async connect(user: User, call: ToolCall = {}): Promise<Outcome<Connection>> {
    this.#user = user;
    const authorized = await this.#authorize();
    if (!authorized.ok) return authorized;
    const client = this.#newClient();
    try {
      await client.connect(this.#newTransport());
      const visited = await callWithSdk(client, call);
      if (!visited.ok) return visited;
      const tokens = this.#tokens();
      return { clientId: '', ...this.client, ...visited, claims: tokens.claims, tokens };
    } catch (error) {
      return sdkFailure(error);
    } finally {
      await client.close();
    }
  }

  /** Opens the host without a token, follows the SDK to the sign-in, and hands it the redirect's parameters. */
  async #authorize(): Promise<Outcome<object>> {
    const transport = this.#newTransport();
    const refused = await this.#refusal(this.#newClient().connect(transport));
    const signedIn = this.#signedIn;
    if (!signedIn)
      return refused ?? fail('challenge', 200, 'no_challenge', 'the host answers without a token');
    if (!signedIn.ok) return signedIn;
    if (signedIn.state !== this.#provider.lastState) {
      return fail('authorization', 302, 'state_mismatch', signedIn.params.toString());
    }
    return (await this.#refusal(transport.finishAuth(signedIn.params))) ?? { ok: true };
  }

  async #refusal(attempt: Promise<void>): Promise<Failure | undefined> {
    try {
      await attempt;
      return undefined;
    } catch (error) {
      const failure = this.#watch.failure(error);
      const { discovery } = this.#provider;
      if (failure.stage !== 'server-metadata' || !discovery) return failure;
      // It kept what it discovered, so it was what comes next that it didn't like, before it asked anybody.
      const configuredResource = discovery.resourceMetadata?.resource ?? this.mcpUrl;
      const allowed = checkResourceAllowed({ requestedResource: this.mcpUrl, configuredResource });
      if (allowed) return { ...failure, stage: 'registration', error: 'no_registration_endpoint' };
      return { ...failure, stage: 'resource-metadata', error: 'resource_mismatch' };
    }
  }

  async #sendPerson(url: URL, redirectUri: string): Promise<void> {
    // With a token that the host refuses, the SDK asks again and again; a person would give up after the first time.
    if (this.#signedIn || !this.#user) return;
    this.#signedIn = await signIn(url, {
      user: this.#user,
      redirectUri,
      refuseConsent: this.#options.refuseConsent ?? false,
      jar: this.jar,
      fetch: this.#options.fetch ?? globalThis.fetch,
    });
  }

  #tokens(): Tokens {
    const {
      access_token: accessToken = '',
      refresh_token: refreshToken,
      scope,
    } = this.#provider.stored ?? {};
    return { accessToken, refreshToken, scope, claims: claimsOf(accessToken) };
  }

  #newClient(): Client {
    const mode = this.#options.era ?? 'legacy';
    return new Client({ name: 'sdk-connector', version: '1.0.0' }, { versionNegotiation: { mode } });
  }

  #newTransport(): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(new URL(this.mcpUrl), {
      authProvider: this.#provider,
      fetch: this.#watch.fetch,
    });
  }
}
