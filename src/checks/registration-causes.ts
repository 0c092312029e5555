import type { Preset } from '../products/preset.ts';
import type { ScopesMet } from '../products/scopes.ts';
import { formatCommand, typedList } from '../text.ts';
import type { Judgement } from './check.ts';
import type { ValidationTarget } from './evidence.ts';

/** The reason why a product's plain registration was refused, from Keycloak's words (26.7.3). */
export function plainCause(words: string, preset: Preset, { inside }: ValidationTarget): Partial<Judgement> {
  const fix = formatCommand(['trusted-hosts', ['--preset', typedList([preset.name])]]);
  if (/Host not trusted/i.test(words)) {
    const cause =
      'Host-match is enabled in the policy Trusted Hosts: the sender must be a listed host, and this product registers from changing addresses.';
    return { cause, fix: `Disable host-match: ${fix}` };
  }
  if (/doesn't match any trusted host/i.test(words)) {
    const missing = inside ? preset.trustedHosts.filter((host) => !inside.trustedHosts.includes(host)) : [];
    const which = missing.length > 0 ? ` (missing: ${missing.join(', ')})` : '';
    return {
      cause: `A DCR host of this product is not allowlisted in the policy Trusted Hosts${which}.`,
      fix: `Add its domains: ${fix}`,
    };
  }
  if (/clients? limit|max.*clients/i.test(words)) {
    return {
      cause: "The policy 'Max Clients Limit' is reached: failed attempts of connectors have piled up.",
      fix: 'mcpkc prune-clients, then raise the limit if need be.',
    };
  }
  if (/clientScope/i.test(words)) {
    return {
      cause: "The policy 'Allowed Client Scopes' refuses the scopes of the request.",
      fix: 'mcpkc create-scope --resource <url>',
    };
  }
  if (/^(0|no answer)/.test(words))
    return {
      cause: 'The registration endpoint can’t be reached.',
      fix: 'Look at the proxy in front of Keycloak.',
    };
  return {
    cause: 'A registration policy or a client policy of the realm refuses the request.',
    fix: 'Realm settings → Client registration and Client policies show which; mcpkc status compares them.',
  };
}

/** The reason why a registration that names scopes was refused. */
export function scopeCause(
  named: readonly string[],
  met: ScopesMet,
  { inside, mcp }: ValidationTarget,
): Partial<Judgement> {
  const fix = formatCommand(['create-scope', ['--resource', mcp]]);
  if (!inside)
    return {
      cause:
        "The policy 'Allowed Client Scopes' refuses one of these scopes (openid is no client scope and has to be listed there).",
      fix,
    };
  if (!inside.allowedScopes.includes('openid')) {
    return {
      cause:
        "'openid' is no client scope of Keycloak’s: it has to be listed in the policy 'Allowed Client Scopes'.",
      fix,
    };
  }
  if (!inside.allowDefaultScopes) {
    return {
      cause:
        "'Allowed Client Scopes' does not allow the realm’s default scopes (allow-default-scopes is off).",
      fix,
    };
  }
  const given = [...inside.realmLists, ...inside.allowedScopes];
  const barred = named.filter((name) => name !== 'openid' && !given.includes(name));
  const ofServer = [...(met.challenge ?? '').split(' '), ...(met.metadata ?? [])];
  if (barred.length > 0 && barred.every((name) => met.issuer.includes(name) && !ofServer.includes(name))) {
    return {
      cause: `The issuer advertises ${barred.join(', ')}, which no new client may have, and products name what is advertised.`,
      fix: formatCommand(['create-scope', ['--resource', mcp], ['--hide-scope', typedList(barred)]]),
    };
  }
  return {
    cause: `The MCP server makes clients name ${barred.join(', ') || 'scopes'}, which ${barred.length === 1 ? 'is' : 'are'} neither in the realm’s lists nor allowed.`,
    fix,
  };
}
