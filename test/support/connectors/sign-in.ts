import { CookieJar } from './cookies.ts';
import { type Answer, ask, type Failure, type Fetch, fail, failFrom } from './outcome.ts';
import { type Page, readPage } from './page.ts';

/** A person who can sign in to the realm. */
export interface User {
  readonly username: string;
  readonly password: string;
}

/** How to sign in. */
export interface SignInOptions {
  readonly user: User;
  /** The client's redirect URI: reaching it ends the sign-in, and it is never fetched. */
  readonly redirectUri: string;
  /** Say no on the consent page. */
  readonly refuseConsent?: boolean;
  /** The browser; hand the same one to the next sign-in to reuse the session. */
  readonly jar?: CookieJar;
  readonly fetch?: Fetch;
}

/** What arrived at the redirect URI. */
export interface Callback {
  readonly ok: true;
  readonly code: string;
  readonly state: string | undefined;
  readonly iss: string | undefined;
  /** All of the redirect's parameters. */
  readonly params: URLSearchParams;
  /** The pages that the person saw, by Keycloak's names. */
  readonly pages: readonly string[];
}

/** Where a sign-in stopped; `page` names the page that couldn't be passed, or says `redirect`. */
export interface SignInFailure extends Failure {
  readonly stage: 'authorization' | 'sign-in' | 'consent';
  readonly page: string;
  /** The redirect's parameters, where the error came that way. */
  readonly params: URLSearchParams | undefined;
}

const MAX_STEPS = 20;

/**
 * Signs in and consents on Keycloak's own pages, as a person with a browser does, and stops at the client's
 * redirect URI.
 */
export async function signIn(
  authorizationUrl: string | URL,
  options: SignInOptions,
): Promise<Callback | SignInFailure> {
  const browser = new Browser(options);
  let answer = await browser.open(new URL(authorizationUrl));
  for (let step = 0; step < MAX_STEPS; step++) {
    const target = redirectTarget(answer);
    if (target && arrivedAt(options.redirectUri, target)) return browser.finish(answer, target);
    if (target) answer = await browser.open(target);
    else {
      const next = browser.fillIn(answer, readPage(answer.text));
      if ('ok' in next) return next;
      answer = await browser.submit(answer.url, next);
    }
  }
  return browser.stopped('redirect', fail(browser.stage, answer.status, 'too_many_steps', answer.url));
}

interface Submission {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

class Browser {
  stage: SignInFailure['stage'] = 'authorization';
  readonly #options: SignInOptions;
  readonly #jar: CookieJar;
  readonly #pages: string[] = [];

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#jar = options.jar ?? new CookieJar();
  }

  open(url: URL): Promise<Answer> {
    return this.#send(url, {});
  }

  submit(from: string, form: Submission): Promise<Answer> {
    return this.#send(URL.parse(form.action, from) ?? new URL(from), {
      method: 'POST',
      body: new URLSearchParams(form.fields),
    });
  }

  /** What to answer on a page, or why it can't be passed. */
  fillIn(answer: Answer, page: Page): Submission | SignInFailure {
    this.#pages.push(page.id);
    if (page.id === 'login-login' && page.form && this.stage === 'authorization') {
      this.stage = 'sign-in';
      const { username, password } = this.#options.user;
      return { action: page.form.action, fields: { ...page.form.fields, username, password } };
    }
    if (page.id === 'login-login-oauth-grant' && page.form && this.stage !== 'consent') {
      this.stage = 'consent';
      const choice = this.#options.refuseConsent ? { cancel: 'No' } : { accept: 'Yes' };
      return { action: page.form.action, fields: { ...page.form.fields, ...choice } };
    }
    if (page.id === 'unknown') return this.stopped(page.id, failFrom(this.stage, answer));
    const error =
      page.id === 'login-error'
        ? 'error_page'
        : page.id === 'login-login'
          ? 'login_refused'
          : 'unexpected_page';
    return this.stopped(page.id, fail(this.stage, answer.status, error, page.message));
  }

  /** Reads what the redirect URI was given. */
  finish(answer: Answer, target: URL): Callback | SignInFailure {
    const params = new URLSearchParams(target.search);
    const code = params.get('code');
    if (code === null) {
      const description = params.get('error_description') ?? '';
      const failure = fail(this.stage, answer.status, params.get('error') ?? 'no_code', description);
      return this.stopped('redirect', failure, params);
    }
    const state = params.get('state') ?? undefined;
    return { ok: true, code, state, iss: params.get('iss') ?? undefined, params, pages: this.#pages };
  }

  stopped(page: string, failure: Failure, params?: URLSearchParams): SignInFailure {
    return { ...failure, stage: this.stage, page, params };
  }

  async #send(url: URL, init: RequestInit): Promise<Answer> {
    const cookie = this.#jar.header(url);
    const headers = { accept: 'text/html', ...(cookie ? { cookie } : {}) };
    const answer = await ask(this.#options.fetch ?? globalThis.fetch, url, { ...init, headers });
    this.#jar.store(url, answer.headers);
    return answer;
  }
}

function redirectTarget(answer: Answer): URL | undefined {
  const location = answer.headers.get('location');
  if (answer.status < 300 || answer.status >= 400 || !location) return undefined;
  return URL.parse(location, answer.url) ?? undefined;
}

function arrivedAt(redirectUri: string, target: URL): boolean {
  const expected = new URL(redirectUri);
  return (
    target.protocol === expected.protocol &&
    target.host === expected.host &&
    target.pathname === expected.pathname
  );
}
