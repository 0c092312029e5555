import {
  IssuerMismatchError,
  OAuthError,
  RegistrationRejectedError,
  SdkHttpError,
} from '@modelcontextprotocol/client';
import { type Failure, type Fetch, fail, record, type Stage } from './outcome.ts';

/** Sees the SDK's requests go by: how far it came is known from the last one, whatever it throws. */
export class Watch {
  stage: Stage = 'challenge';
  status = 0;
  readonly #mcpUrl: string;
  readonly #fetch: Fetch;

  constructor(mcpUrl: string, fetch: Fetch) {
    this.#mcpUrl = mcpUrl;
    this.#fetch = fetch;
  }

  /** The fetch to give to the SDK. */
  readonly fetch: Fetch = async (input, init) => {
    this.stage = this.#stageOf(new URL(input instanceof Request ? input.url : input), init);
    this.status = 0;
    const response = await this.#fetch(input, init);
    this.status = response.status;
    return response;
  };

  /** What the SDK threw, as a failure at the stage that it had reached. */
  failure(error: unknown): Failure {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof RegistrationRejectedError) return refusal(error);
    if (error instanceof IssuerMismatchError) {
      const stage = error.kind === 'metadata' ? 'server-metadata' : 'authorization';
      return fail(stage, this.status, 'issuer_mismatch', message);
    }
    if (error instanceof OAuthError) return fail(this.stage, this.status, error.code, message);
    if (error instanceof SdkHttpError) return fail(this.stage, error.status, `http_${error.status}`, message);
    return fail(this.stage, this.status, error instanceof Error ? error.name : 'error', message);
  }

  #stageOf(url: URL, init: RequestInit | undefined): Stage {
    if (url.href === new URL(this.#mcpUrl).href) {
      return new Headers(init?.headers).has('authorization') ? 'mcp' : 'challenge';
    }
    if (url.pathname.includes('/.well-known/oauth-protected-resource')) return 'resource-metadata';
    if (url.pathname.includes('/.well-known/')) return 'server-metadata';
    if (!(init?.body instanceof URLSearchParams)) return 'registration';
    return init.body.get('grant_type') === 'refresh_token' ? 'refresh' : 'token';
  }
}

function refusal(error: RegistrationRejectedError): Failure {
  const body = record(parse(error.body));
  const code = String(body.error ?? `http_${error.status}`);
  return fail('registration', error.status, code, String(body.error_description ?? error.body.slice(0, 500)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
