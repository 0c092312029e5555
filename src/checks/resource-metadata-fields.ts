import { differenceOf } from '../names/resource-url.ts';
import type { Preset } from '../products/preset.ts';
import type { McpServer } from '../realm/mcp-server.ts';
import { type Check, fail, type Judgement, pass, warn } from './check.ts';
import { certificateFix, listStrings } from './exchange.ts';
import { judgeBy } from './step.ts';

export const resource: Check = {
  id: 'PRM-RESOURCE',
  title: 'The metadata’s resource is the URL that people type',
  severity: 'must',
  needs: ['PRM-FOUND'],
  spec: 'RFC 9728 §3.3; RFC 8707',
  cause:
    'Claude and VS Code refuse an MCP server whose resource is not, byte for byte, the URL that was typed.',
  fix: 'Set the MCP server’s resource to exactly this URL, path included.',
  judge: judgeBy('resource-metadata', ({ document, found }, { target }) => {
    const exchanges = [found?.exchange];
    const value = document.resource;
    if (value === target.mcp) return pass(`It is ${target.mcp}.`, { exchanges });
    if (typeof value !== 'string') return fail('The metadata names no resource.', { exchanges });
    const isTaken = (preset: Preset) =>
      preset.comparesResource === 'prefix' && !resourceConcerns(preset, value, target.mcp);
    if (target.presets.length > 0 && target.presets.every(isTaken)) {
      const who = target.presets.map(({ title }) => title).join(', ');
      return warn(
        `The resource is ${value}, not ${target.mcp}: ${who} takes that, Claude, VS Code and Gemini CLI don’t.`,
        { exchanges, ...resourceCause(value, target.mcp) },
      );
    }
    return fail(`The resource is ${value}, not ${target.mcp}.`, {
      exchanges,
      ...resourceCause(value, target.mcp),
    });
  }),
};

const DIFFERENCES: Readonly<Record<string, string>> = {
  slash: 'The resource differs by a slash at the end.',
  case: 'The resource differs in upper and lower case, or in the spelling of the host.',
  scheme:
    'The resource has another scheme: the MCP server sits behind a proxy that ends TLS and doesn’t know its public URL.',
  path: 'The resource has another path: older instructions had the bare origin here.',
  host: 'The resource has another host: the MCP server takes its name from the request, or was configured for another deployment.',
};

function resourceCause(value: string, mcp: string): Partial<Judgement> {
  const difference = differenceOf(value, mcp);
  return {
    cause: `${DIFFERENCES[difference] ?? ''} Clients compare byte for byte, and the token’s audience must be the same text.`,
    fix: `Set the MCP server’s public URL to ${mcp} (MCP_PUBLIC_BASE_URL, MCP_TRANSPORT_URL), or type ${value} into the client and provision that.`,
  };
}

export const issuer: Check = {
  id: 'PRM-ISSUER',
  title: 'The first authorization server is the issuer',
  severity: 'must',
  needs: ['PRM-FOUND'],
  spec: 'RFC 9728 §2; RFC 8414 §2',
  cause:
    'Clients take the first entry of authorization_servers and compare it with the issuer, byte for byte.',
  fix: 'authorization_servers: ["<issuer>"], with Keycloak’s issuer first (OIDC_ISSUER).',
  judge: judgeBy('resource-metadata', ({ document, found }, { target, parts }) => {
    const exchanges = [found?.exchange];
    const servers = listStrings(document.authorization_servers);
    const [first] = servers;
    const expected = parts['server-metadata']?.issuer ?? target.issuer;
    if (first === undefined) return fail('The metadata names no authorization server.', { exchanges });
    if (first === expected) return pass(`It is ${first}.`, { exchanges });
    if (expected === undefined) {
      const places = parts['server-metadata']?.places ?? [];
      if (places.some(({ problem }) => problem?.kind === 'tls')) {
        return fail(`${first} can’t be taken for an issuer.`, {
          exchanges,
          cause: 'Its metadata can’t be read: the certificate of the issuer is not trusted here.',
          fix: certificateFix('the certificate'),
        });
      }
      return fail(`${first} can’t be taken for an issuer.`, {
        exchanges,
        cause: 'Its metadata is missing, calls itself otherwise, or its address may not be asked.',
      });
    }
    return fail(`The issuer is ${first}, not ${expected}.`, { exchanges, ...issuerCause(servers, expected) });
  }),
};

function issuerCause(servers: readonly string[], expected: string): Partial<Judgement> {
  const [first = ''] = servers;
  const fix = `authorization_servers: ["${expected}"]`;
  if (first.includes('/.well-known/')) {
    const cause =
      'This is the issuer’s metadata URL, as older instructions had it. Clients build that URL themselves, and refuse this one: its issuer is not what was named.';
    return { cause, fix };
  }
  if (servers.includes(expected)) {
    return { cause: 'The right issuer is among them, but many clients look at the first entry only.', fix };
  }
  if (first === `${expected}/`)
    return { cause: 'The issuer has a slash at the end that the tokens’ iss does not have.', fix };
  if (differenceOf(first, expected) === 'scheme') {
    const cause =
      'The issuer has another scheme: Keycloak sits behind a proxy that ends TLS and was told no fixed --hostname, or the MCP server’s OIDC_ISSUER is the internal address.';
    return { cause, fix };
  }
  return {
    cause:
      'Clients would sign in somewhere else. (If this is the right issuer, KC_ISSUER or KC_HOSTNAME is wrong here.)',
    fix,
  };
}

export const scopes: Check = {
  id: 'PRM-SCOPES',
  title: 'The scopes listed are right for the clients that ask for them',
  severity: 'should',
  needs: ['PRM-FOUND'],
  spec: 'RFC 9728 §2; MCP 2026-07-28, Authorization',
  cause:
    'Clients ask for what scopes_supported lists: an unknown scope ends the sign-in in invalid_scope, a missing one in a token without audience.',
  fix: 'List the audience scope and nothing that the realm doesn’t have; never offline_access.',
  judge: judgeBy('resource-metadata', (evidence, { target, parts }) => {
    const exchanges = [evidence.found?.exchange];
    const listed = evidence.scopes;
    const shown = listed.length === 0 ? 'none' : listed.join(' ');
    if (listed.includes('offline_access'))
      return fail(`scopes_supported lists offline_access (${shown}).`, { exchanges });
    const known = parts['server-metadata']?.scopes;
    const unknown = known && listed.filter((name) => name !== 'openid' && !known.includes(name));
    if (unknown && unknown.length > 0) {
      return fail(`scopes_supported lists what the realm does not have: ${unknown.join(' ')}.`, {
        exchanges,
        cause:
          'Clients that name scopes when they register (the SDK, VS Code, Codex) are refused; others fail at the sign-in with invalid_scope.',
        fix: `Take ${unknown.join(' ')} out of scopes_supported, or make that client scope.`,
      });
    }
    return (
      missingScope(listed, target.inside, exchanges) ??
      pass(`scopes_supported lists ${shown}.`, { exchanges })
    );
  }),
};

function missingScope(
  listed: readonly string[],
  inside: McpServer | undefined,
  exchanges: Judgement['exchanges'],
): Judgement | undefined {
  if (!inside?.scopes.named || inside.mode !== 'standing' || listed.includes(inside.scope)) return undefined;
  const { scope } = inside;
  const rest = {
    ...(exchanges && { exchanges }),
    fix: `Add '${scope}' to the MCP server’s scopes_supported.`,
  };
  if (inside.list === 'optional') {
    const cause = `The scope is optional in this realm: only clients that ask for it by name get the audience.`;
    return fail(`scopes_supported does not list '${scope}'.`, { ...rest, cause });
  }
  if (listed.length === 0) return undefined;
  const cause =
    'Clients that register with these scopes get them instead of the realm’s defaults, and so no audience.';
  return fail(`scopes_supported lists ${listed.join(' ')}, but not '${scope}'.`, { ...rest, cause });
}

export const bearer: Check = {
  id: 'PRM-BEARER',
  title: 'Tokens are taken from the header',
  severity: 'info',
  needs: ['PRM-FOUND'],
  spec: 'RFC 9728 §2; RFC 6750 §2.1',
  cause: 'MCP clients send tokens in the Authorization header and nowhere else.',
  fix: 'bearer_methods_supported: ["header"], or leave it out.',
  judge: judgeBy('resource-metadata', ({ document, found }) => {
    const exchanges = [found?.exchange];
    const methods = document.bearer_methods_supported;
    if (methods === undefined) return pass('bearer_methods_supported is absent.', { exchanges });
    if (listStrings(methods).includes('header')) return pass('header.', { exchanges });
    return fail(`bearer_methods_supported is ${listStrings(methods).join(' ') || 'no list'}.`, { exchanges });
  }),
};

/** Whether the metadata's `resource` stops a product where it isn't the URL that was typed. */
export function resourceConcerns({ comparesResource }: Preset, resource: unknown, mcp: string): boolean {
  if (comparesResource === 'exact' || typeof resource !== 'string') return true;
  const [configured, typed] = [URL.parse(resource), new URL(mcp)];
  if (configured?.origin !== typed.origin) return true;
  // Like the SDK's checkResourceAllowed: the typed path must lie below the resource's.
  const below = (path: string) => (path.endsWith('/') ? path : `${path}/`);
  return !below(typed.pathname).startsWith(below(configured.pathname));
}
