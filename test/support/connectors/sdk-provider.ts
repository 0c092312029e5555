import { randomBytes } from 'node:crypto';
import type {
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { StoredClient } from './tokens.ts';

/** Sends the person to the authorization server. */
export type Redirect = (authorizationUrl: URL, redirectUri: string) => Promise<void>;

/** What the SDK's client is told about itself. */
export interface ProviderOptions {
  readonly clientName: string;
  readonly redirectUri: string;
  readonly authMethod: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** What it asks for where neither challenge nor metadata name scopes. */
  readonly scope?: string | undefined;
  readonly client?: StoredClient | undefined;
}

/** The official SDK's view of a client's memory. */
export class MemoryProvider implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: OAuthClientMetadata;
  /** The `state` of the last authorization request. */
  lastState: string | undefined;
  discovery: OAuthDiscoveryState | undefined;
  information: StoredOAuthClientInformation | undefined;
  stored: StoredOAuthTokens | undefined;
  readonly #redirect: Redirect;
  #verifier = '';

  constructor(options: ProviderOptions, redirect: Redirect) {
    this.#redirect = redirect;
    this.redirectUrl = options.redirectUri;
    this.clientMetadata = {
      client_name: options.clientName,
      redirect_uris: [options.redirectUri],
      // Named, they make the SDK 2.4 add `offline_access` to the scopes that it knows, as hosts of the SDK do.
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: options.authMethod,
      ...(options.scope ? { scope: options.scope } : {}),
    };
    const { client } = options;
    if (!client) return;
    const secret = client.clientSecret === undefined ? {} : { client_secret: client.clientSecret };
    this.information = { client_id: client.clientId, ...secret };
  }

  state(): string {
    this.lastState = randomBytes(16).toString('base64url');
    return this.lastState;
  }

  // A client that was stored without its issuer belongs to the only one that this memory ever sees.
  clientInformation(context?: OAuthClientInformationContext): StoredOAuthClientInformation | undefined {
    const issuer = context === undefined ? {} : { issuer: context.issuer };
    return this.information && { ...issuer, ...this.information };
  }

  saveClientInformation(information: StoredOAuthClientInformation): void {
    this.information = information;
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.stored;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.stored = tokens;
  }

  redirectToAuthorization(authorizationUrl: URL): Promise<void> {
    return this.#redirect(authorizationUrl, this.redirectUrl);
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.discovery = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.discovery;
  }
}
