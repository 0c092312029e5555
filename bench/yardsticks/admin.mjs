/* What yardsticks for one realm do first: sign in as the service account of the environment and send with its token. */
import { signIn } from './connection.mjs';

const { KC_SERVER, KC_REALM, KC_CLIENT_ID, KC_CLIENT_SECRET } = process.env;

/** Sends a request of the admin API; fails where the answer isn't 2xx. */
export const send = await signIn({
  server: KC_SERVER,
  realm: KC_REALM,
  clientId: KC_CLIENT_ID,
  secret: KC_CLIENT_SECRET,
});

export { fourAtATime } from './four.mjs';
