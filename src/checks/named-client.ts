import type { Preset } from '../products/preset.ts';
import { matchesRedirect } from '../products/redirect.ts';
import type { Client } from '../realm/representations.ts';
import { formatCommand, typedList, typedName, visible } from '../text.ts';
import { type Check, fail, type Judgement, pass, skipped, warn } from './check.ts';
import type { ValidationTarget } from './evidence.ts';
import type { PresetRegistration } from './probes/registration.ts';
import { judgeBy, withoutAdmin } from './step.ts';

/** Keycloak's attribute for the PKCE method that a client is held to (26.7). */
const PKCE = 'pkce.code.challenge.method';

/** The settings that a client made by somebody lacks for a product; undefined where it fits. */
function settingsProblem(client: Client, preset: Preset): { message: string; fix: string } | undefined {
  const inConsole = (what: string) => `In the admin console, Clients, ${visible(client.clientId)}: ${what}`;
  const sendsNone = preset.withClient
    ? preset.withClient.secret === 'none'
    : preset.registration.token_endpoint_auth_method === 'none';
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
  if (sendsNone && client.publicClient !== true) {
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

/** The client that the operator named (`--client`), or that mcpkc made for a product, as the realm has it. */
export const clientSettings: Check = {
  id: 'CLIENT-SETTINGS',
  title: 'A client that was made beforehand is set up as its product needs it',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: 'OAuth 2.1 §2.3.1, §4.1; RFC 8252 §7.3',
  cause: 'A client that somebody made has other settings than the product’s requests.',
  fix: 'Change the client’s settings in the admin console.',
  judge: judgeBy('registration', ({ presets: own }, { target }) => {
    const { client, inside, presets } = target;
    if (client === undefined) return judgeMade(own, target);
    if (!inside || client.found === undefined) return withoutAdmin(target);
    return judgeAll(
      presets.map((preset) => ({ preset, client: client.found })),
      target,
    );
  }),
};

/** A product, and the client that it signs in with; undefined where that is gone. */
interface Given {
  preset: Preset;
  client: Client | undefined;
  clientId?: string;
}

/** The clients that mcpkc made for products (`mcpkc allow --by client`). */
function judgeMade(own: readonly PresetRegistration[], target: ValidationTarget): Judgement {
  const made = own.flatMap(({ preset, way }): Given[] =>
    way.by === 'client' ? [{ preset, client: way.found, clientId: way.clientId }] : [],
  );
  if (made.length === 0)
    return skipped('No client is named (--client), and mcpkc made none for these products.');
  return judgeAll(made, target);
}

function judgeAll(all: readonly Given[], { mcp }: ValidationTarget): Judgement {
  for (const { preset, client, clientId = '' } of all) {
    const cause = `${preset.title} could not sign in with it.`;
    const again = formatCommand([
      'allow',
      mcp,
      ['--preset', typedList([preset.name])],
      ['--by', 'client'],
      '--yes',
    ]);
    if (client === undefined)
      return fail(`The client ${visible(clientId)}, made for ${preset.title}, is gone, or is another one.`, {
        cause,
        fix: again,
      });
    const problem = settingsProblem(client, preset);
    if (problem) return fail(problem.message, { cause, fix: clientId === '' ? problem.fix : again });
  }
  const titles = all.map(({ preset }) => preset.title).join(', ');
  const clients = all.flatMap(({ client }) => client ?? []);
  const which = new Set(clients).size > 1 ? 'Each client' : 'The client';
  const asks = clients.every(({ consentRequired }) => consentRequired === true)
    ? 'asks users for consent'
    : 'asks users for no consent';
  const free = clients.find(({ attributes }) => attributes[PKCE] !== 'S256');
  if (free) {
    const fix = formatCommand(['create-scope', ['--resource', mcp], ['--client', typedName(free.clientId)]]);
    return warn(`${which} fits ${titles}, ${asks}, and is not held to PKCE.`, { fix });
  }
  return pass(`${which} fits ${titles}, ${asks}, and is held to PKCE with S256.`);
}
