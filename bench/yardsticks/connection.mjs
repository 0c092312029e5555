/* How every yardstick in JavaScript reaches a realm: signed in as its service account. */

/** Signs in; gives a function that sends requests of the admin API, which fails where the answer isn't 2xx (or the status that is expected). */
export async function signIn({ server, realm, clientId, secret }) {
  const signedIn = await fetch(`${server}/realms/${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
    }),
  });
  const { access_token: token } = await signedIn.json();
  return async (method, path, body, also) => {
    const base = path.startsWith('/') ? `${server}/admin` : `${server}/admin/realms/${realm}/`;
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok && response.status !== also)
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    const id = response.headers.get('location')?.split('/').at(-1);
    return { id, json: text === '' ? undefined : JSON.parse(text) };
  };
}
