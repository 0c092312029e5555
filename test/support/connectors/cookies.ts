interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
}

/** A browser's cookies, for one person: hand the same jar to a second sign-in to reuse Keycloak's session. */
export class CookieJar {
  #cookies: Cookie[] = [];

  /** Takes over what a response from `url` sets and deletes. */
  store(url: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) this.#put(url, line);
  }

  /** The `Cookie` header for a request to `url`, empty when there is nothing to send. */
  header(url: URL): string {
    return this.#cookies
      .filter((cookie) => cookie.host === url.hostname && covers(cookie.path, url.pathname))
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join('; ');
  }

  // `Secure` is not looked at: Keycloak 26.7 sets it on http://127.0.0.1 too, where browsers send the cookie back.
  #put(url: URL, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const split = pair.indexOf('=');
    if (split < 1) return;
    const attribute = new Map(attributes.map(nameAndValue));
    const name = pair.slice(0, split);
    const path = attribute.get('path') || '/';
    this.#cookies = this.#cookies.filter(
      (cookie) => !(cookie.name === name && cookie.host === url.hostname && cookie.path === path),
    );
    const gone =
      Number(attribute.get('max-age') ?? 1) <= 0 || Date.parse(attribute.get('expires') ?? '') < Date.now();
    if (!gone) this.#cookies.push({ name, value: pair.slice(split + 1), host: url.hostname, path });
  }
}

function nameAndValue(attribute: string): [string, string] {
  const [name = '', value = ''] = attribute.split('=', 2);
  return [name.toLowerCase(), value];
}

function covers(cookiePath: string, path: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}
