/** An administrator's access token and how long it lives, in seconds. */
export interface AdminToken {
  token: string;
  seconds: number;
}

/** Signs an administrator in with a password, as kcadm.sh does. */
export async function passwordToken(url: string, username: string, password: string): Promise<AdminToken> {
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password });
  const response = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${url}: ${username} can't sign in: ${response.status} ${text.slice(0, 200)}`);
  const answer = JSON.parse(text) as { access_token: string; expires_in: number };
  return { token: answer.access_token, seconds: answer.expires_in };
}
