import { basicAuthorization } from '../keycloak/connection/token.ts';

/** A request to the token endpoint (RFC 6749 §3.2); with `client` by HTTP Basic, else as the form names itself. */
export function tokenRequest(
  form: Readonly<Record<string, string>>,
  client?: { clientId: string; secret: string },
) {
  const authorization = client && { authorization: basicAuthorization(client.clientId, client.secret) };
  return {
    method: 'POST',
    to: 'keycloak',
    headers: {
      ...authorization,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: new URLSearchParams(form).toString(),
  } as const;
}
