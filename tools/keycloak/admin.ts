import { passwordToken } from './token.ts';

/** What it takes to administer a server; a RunningKeycloak will do. */
export interface AdminAccess {
  url: string;
  adminUser: string;
  adminPassword: string;
}

/** An answer of the admin API. */
export interface AdminAnswer {
  status: number;
  /** The parsed body; undefined when there is none, the text when it is no JSON. */
  json: unknown;
  headers: Headers;
  /** The id of what was created, from `Location`. */
  id: string | undefined;
}

/** The administrator of a server, by plain fetch: tests look at the server with other eyes than mcpkc. */
export interface Admin {
  readonly access: AdminAccess;
  /** `path` is relative to `/admin`: `/realms/demo/clients?max=10`. Any status is an answer. */
  request(method: string, path: string, body?: unknown): Promise<AdminAnswer>;
  /** These four throw, with the server's answer in the message, unless the status is 2xx. */
  get<T = unknown>(path: string): Promise<T>;
  post(path: string, body?: unknown): Promise<AdminAnswer>;
  put(path: string, body?: unknown): Promise<AdminAnswer>;
  del(path: string, body?: unknown): Promise<AdminAnswer>;
}

const RENEW_BEFORE_END = 15_000;

/** Administers `access`; signs in at the first request, and again before the token expires. */
export function adminOf(access: AdminAccess): Admin {
  const token = tokenSource(access);
  const request = async (method: string, path: string, body?: unknown): Promise<AdminAnswer> => {
    const answer = await send(access, await token.get(), method, path, body);
    if (answer.status !== 401) return answer;
    token.forget();
    return send(access, await token.get(), method, path, body);
  };
  const insist = async (method: string, path: string, body?: unknown) => {
    const answer = await request(method, path, body);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = typeof answer.json === 'string' ? answer.json : JSON.stringify(answer.json);
    throw new Error(`${method} /admin${path} answered ${answer.status}: ${text ?? '(nothing)'}`);
  };
  return {
    access,
    request,
    get: async <T>(path: string) => (await insist('GET', path)).json as T,
    post: (path, body) => insist('POST', path, body),
    put: (path, body) => insist('PUT', path, body),
    del: (path, body) => insist('DELETE', path, body),
  };
}

function tokenSource({ url, adminUser, adminPassword }: AdminAccess) {
  let current: Promise<string> | undefined;
  let end = 0;
  const renew = async () => {
    const { token, seconds } = await passwordToken(url, adminUser, adminPassword);
    end = Date.now() + seconds * 1_000;
    return token;
  };
  return {
    get(): Promise<string> {
      if (!current || Date.now() > end - RENEW_BEFORE_END) {
        end = Number.POSITIVE_INFINITY;
        const asked = renew();
        current = asked;
        asked.catch(() => {
          if (current === asked) current = undefined;
        });
      }
      return current;
    },
    forget() {
      current = undefined;
    },
  };
}

async function send(
  access: AdminAccess,
  token: string,
  method: string,
  path: string,
  body: unknown,
): Promise<AdminAnswer> {
  const headers = new Headers({ authorization: `Bearer ${token}` });
  if (body !== undefined) headers.set('content-type', 'application/json');
  const response = await fetch(`${access.url}/admin${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const id = response.headers.get('location')?.split('/').at(-1);
  return { status: response.status, json: parse(await response.text()), headers: response.headers, id };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
