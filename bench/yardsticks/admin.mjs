/* What every yardstick in JavaScript does first: sign in as the service account and send with its token. */
const { KC_SERVER, KC_REALM, KC_CLIENT_ID, KC_CLIENT_SECRET } = process.env;
const base = `${KC_SERVER}/admin/realms/${KC_REALM}`;

const signedIn = await fetch(`${KC_SERVER}/realms/${KC_REALM}/protocol/openid-connect/token`, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: KC_CLIENT_ID,
    client_secret: KC_CLIENT_SECRET,
  }),
});
const { access_token: token } = await signedIn.json();

/** Sends a request of the admin API; fails where the answer isn't 2xx. */
export async function send(method, path, body) {
  const response = await fetch(`${base}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  const id = response.headers.get('location')?.split('/').at(-1);
  return { id, json: text === '' ? undefined : JSON.parse(text) };
}

/** Works on a list, four at a time. */
export async function fourAtATime(list, work) {
  const left = [...list];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}
