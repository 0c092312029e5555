import type { Preset } from '../products/preset.ts';
import { matchesRedirect } from '../products/redirect.ts';
import type { Client } from '../realm/representations.ts';
import { formatCommand, typedName, visible } from '../text.ts';
import { type Check, fail, pass, skipped, warn } from './check.ts';
import { judging, withoutAdmin } from './step.ts';

/** Keycloak's attribute for the PKCE method that a client is held to (26.7). */
const PKCE = 'pkce.code.challenge.method';

/** What a client that somebody made lacks for a product; undefined where it fits. */
function settingsProblem(client: Client, preset: Preset): { message: string; fix: string } | undefined {
  const inConsole = (what: string) => `In the admin console, Clients, ${visible(client.clientId)}: ${what}`;
  const method = preset.registration.token_endpoint_auth_method;
  if (client.enabled === false)
    return { message: 'The client is disabled.', fix: inConsole('switch it on.') };
  if (client.bearerOnly === true || client.standardFlowEnabled !== true) {
    return {
      message: 'The client may not use the authorization code flow.',
      fix: inConsole('switch Standard flow on.'),
    };
  }
  const [needed] = preset.registration.redirect_uris;
  const has = client.redirectUris.some((uri) => uri === needed || isLoopbackOf(uri, needed, preset));
  if (needed !== undefined && !has) {
    return {
      message: `The client lacks ${preset.title}’s redirect URI ${needed}.`,
      fix: inConsole(`add ${needed} to Valid redirect URIs.`),
    };
  }
  const pkce = client.attributes[PKCE] ?? '';
  if (pkce !== '' && pkce !== 'S256') {
    return {
      message: `The client is held to PKCE with ${visible(pkce)}; products use S256.`,
      fix: inConsole('set the PKCE method to S256.'),
    };
  }
  if (method === 'none' && client.publicClient !== true) {
    return {
      message: `The client is confidential, and ${preset.title} sends no secret.`,
      fix: inConsole('switch Client authentication off.'),
    };
  }
  const type = client.clientAuthenticatorType ?? 'client-secret';
  if (client.publicClient !== true && type !== 'client-secret') {
    return {
      message: `The client authenticates with ${visible(type)}; ${preset.title} sends a client secret.`,
      fix: inConsole('set the client authenticator to Client Id and Secret.'),
    };
  }
  return undefined;
}

/** Whether a loopback redirect URI without port lets a product's own port in (RFC 8252 §7.3; Keycloak 26.7). */
function isLoopbackOf(uri: string, needed: string | undefined, { redirectUris }: Preset): boolean {
  const [one, other] = [URL.parse(uri), URL.parse(needed ?? '')];
  if (one === null || other === null || one.hostname !== other.hostname) return false;
  const loopback = one.protocol === 'http:' && one.port === '' && one.pathname === other.pathname;
  return (
    loopback ||
    redirectUris.some((pattern) => matchesRedirect(pattern, uri) && one.pathname === other.pathname)
  );
}

/** The client that the operator named (`--client`), as the realm has it. */
export const clientSettings: Check = {
  id: 'CLIENT-SETTINGS',
  title: 'The named client is set up as its product needs it',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: 'OAuth 2.1 §2.3.1, §4.1; RFC 8252 §7.3',
  cause: 'A client that somebody made has other settings than the product’s requests.',
  fix: 'Change the client’s settings in the admin console.',
  judge: judging('registration', (_evidence, { target }) => {
    const { client, inside, presets } = target;
    if (client === undefined) return skipped('No client is named (--client).');
    if (!inside || client.found === undefined) return withoutAdmin(target);
    for (const preset of presets) {
      const problem = settingsProblem(client.found, preset);
      if (problem)
        return fail(problem.message, {
          cause: `${preset.title} could not sign in with it.`,
          fix: problem.fix,
        });
    }
    const titles = presets.map(({ title }) => title).join(', ');
    const asks =
      client.found.consentRequired === true ? 'asks users for consent' : 'asks users for no consent';
    const held = client.found.attributes[PKCE] === 'S256';
    if (!held) {
      const fix = formatCommand([
        'create-scope',
        ['--resource', target.mcp],
        ['--client', typedName(client.clientId)],
      ]);
      return warn(`The client fits ${titles}, ${asks}, and is not held to PKCE.`, { fix });
    }
    return pass(`The client fits ${titles}, ${asks}, and is held to PKCE with S256.`);
  }),
};
