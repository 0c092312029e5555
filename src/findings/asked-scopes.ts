import { REGISTRATION_GUIDE, SEEN } from '../explanation.ts';
import {
  asksFor,
  type ForeseenRefusal,
  foreseeScopes,
  isScopeNamed,
  type Naming,
  type ScopeDoors,
} from '../products/foresee.ts';
import type { Preset } from '../products/preset.ts';
import { OFFLINE } from '../products/scopes.ts';
import { audiencesOf } from '../realm/audiences.ts';
import { allowedScopesOf } from '../realm/registration-policies.ts';
import { POLICY } from '../realm/representations.ts';
import { isAdvertised } from '../realm/ways.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, hideScope } from './fixes.ts';
import { listAnonymous } from './hosts.ts';
import { isShut, listServers, requireShown, type Seen } from './seen.ts';
import { readTold } from './server.ts';
import { clientOf, listRegistering, withoutClient } from './ways.ts';

/** The realm's lists that decide about the scopes that products name. */
export function doorsOf(seen: Seen): ScopeDoors {
  const { defaults, optionals } = requireShown(seen.parts.scopes);
  return {
    defaults,
    optionals,
    advertised: readTold(seen)?.scopes ?? [],
    allowed: listAnonymous(seen, POLICY.allowedScopes).map(allowedScopesOf),
  };
}

/**
 * The scope names that an MCP server set up by `mcpkc env` shows in challenge and metadata; other servers name none.
 */
export function namingsOf(seen: Seen): { named: Naming; silent: Naming } {
  const servers = listServers(seen);
  const scope = (servers.find(({ resource }) => resource === seen.resource) ?? servers[0])?.scope;
  return { named: scope === undefined ? {} : { challenge: scope, metadata: [scope] }, silent: {} };
}

/** The refusal that stops a product: where the MCP server names its scope, and where it names none. */
interface Foreseen {
  preset: Preset;
  named: ForeseenRefusal | undefined;
  silent: ForeseenRefusal | undefined;
}

function foreseen(seen: Seen): Foreseen[] {
  const doors = doorsOf(seen);
  const { named, silent } = namingsOf(seen);
  const lost = withoutClient(seen).filter(({ cannotRegister }) => cannotRegister !== undefined);
  // Where nobody can register, products with a client of their own still ask for scopes.
  const concerned = seen.presets.filter(
    (preset) => !lost.includes(preset) && (!isShut(seen) || clientOf(seen, preset) !== undefined),
  );
  return concerned.map((preset) => {
    const client = clientOf(seen, preset);
    const held = client && { defaults: client.defaultClientScopes, optionals: client.optionalClientScopes };
    return {
      preset,
      named: foreseeScopes(preset, doors, named, held),
      silent: foreseeScopes(preset, doors, silent, held),
    };
  });
}

const titles = (of: readonly { preset: Preset }[]) => of.map(({ preset }) => preset.title).join(', ');

/** Whether the server advertises scopes that are hidden: then hiding one changes nothing (26.4.0; not 26.7.4). */
function listsHidden(seen: Seen): boolean {
  const { all } = requireShown(seen.parts.scopes);
  const { advertised } = doorsOf(seen);
  return all.some((scope) => !isAdvertised(scope) && advertised.includes(scope.name));
}

function withoutHiding(seen: Seen, name: string): Fix {
  const scope = requireShown(seen.parts.scopes).all.find((one) => one.name === name);
  return atKeycloak(
    scope && audiencesOf(scope).length > 0
      ? 'This Keycloak advertises hidden scopes, too (26.4.0 does, 26.7.4 doesn’t): upgrade it. Until then such a product doesn’t register here.'
      : `This Keycloak advertises hidden scopes, too (26.4.0 does, 26.7.4 doesn’t). In the admin console, Client scopes: make '${name}' an optional scope of the realm, or upgrade Keycloak.`,
  );
}

const refused: Rule = {
  code: 'ADVERTISED_SCOPE_REFUSED',
  severity: 'error',
  needs: ['scopes', 'registrationPolicies'],
  explanation: {
    what: 'The issuer’s metadata lists a client scope that a new client may not have. Products that ask for all that the issuer advertises are refused: at registration with 403, or at sign-in with invalid_scope before the login page. Many do so where the MCP server names no scope, and add offline_access wherever it is advertised.',
    cause:
      'Keycloak advertises every client scope of the realm, also those that are neither default nor optional. A new realm has service_account among them.',
    fix: "mcpkc create-scope --hide-scope takes it out of the metadata (in the admin console: Client scopes, the scope, 'Include in OpenID Provider Metadata'). Or make it an optional client scope of the realm, or have the MCP server name its own scope in challenge and metadata.",
    sources: ['RFC 8414 §2', REGISTRATION_GUIDE, SEEN],
  },
  find(seen) {
    const all = foreseen(seen);
    const { advertised } = doorsOf(seen);
    const names = new Set(
      all.flatMap(({ named, silent }) => [...(named?.scopes ?? []), ...(silent?.scopes ?? [])]),
    );
    // ALLOWED_SCOPES_BLOCKS_REGISTRATION covers openid, which is not a client scope; BASIC_NOT_DEFAULT covers basic.
    // The servers’ own scopes have rules of their own.
    const own = listServers(seen).map(({ scope }) => scope);
    const barred = [...names].filter(
      (name) => !['openid', 'basic'].includes(name) && advertised.includes(name) && !own.includes(name),
    );
    return barred.map((name): Found => {
      const has = (refusal: ForeseenRefusal | undefined) => refusal?.scopes.includes(name) === true;
      const always = all.filter((one) => has(one.named));
      const silent = all.filter((one) => has(one.silent) && !has(one.named));
      const who = [
        always.length === 0 ? '' : `${titles(always)} can’t connect`,
        silent.length === 0 ? '' : `${titles(silent)} can’t connect where the MCP server names no scope`,
      ].filter((part) => part !== '');
      return {
        subject: name,
        message: `The issuer advertises the scope '${name}', which no new client may have: ${who.join('; ')}.`,
        fix: listsHidden(seen) ? withoutHiding(seen, name) : hideScope(seen, name),
        ...(always.length === 0 ? { severity: 'warning' as const } : {}),
        products: always.map(({ preset }) => preset.name),
        depends: silent.map(({ preset }) => preset.name),
      };
    });
  },
};

const basicMissing: Rule = {
  code: 'BASIC_NOT_DEFAULT',
  severity: 'error',
  needs: ['scopes', 'registrationPolicies'],
  explanation: {
    what: "The client scope 'basic' is no default client scope of the realm. Every registration that names any scope is refused with 403, and Keycloak’s message blames the scope that was named. Users’ tokens have no `sub`.",
    cause: 'The realm was imported with client scopes of its own, or somebody removed it from the list.',
    fix: "In the admin console, Client scopes: set the assigned type of 'basic' to Default.",
    sources: ['RFC 9068 §2.2', SEEN],
  },
  find(seen) {
    const { all, defaults } = requireShown(seen.parts.scopes);
    if (defaults.includes('basic') || !all.some(({ name }) => name === 'basic')) return [];
    const doors = doorsOf(seen);
    const { named } = namingsOf(seen);
    const stopped = listRegistering(seen).filter((preset) => isScopeNamed(preset, doors, named));
    const who =
      stopped.length === 0
        ? ''
        : ` ${stopped.map(({ title }) => title).join(', ')} can’t register, since their registrations name scopes.`;
    return [
      {
        subject: 'basic',
        message: `The client scope 'basic' is no default of the realm: users’ tokens have no sub.${who}`,
        fix: atKeycloak('In the admin console, Client scopes: set the assigned type of basic to Default.'),
        products: stopped.map(({ name }) => name),
        depends: foreseen(seen)
          .filter(({ silent }) => silent?.scopes.includes('basic'))
          .map(({ preset }) => preset.name),
      },
    ];
  },
};

const offlineRole: Rule = {
  code: 'OFFLINE_ROLE_MISSING',
  severity: 'warning',
  needs: ['scopes', 'registrationPolicies', 'defaultRoles'],
  explanation: {
    what: 'Products add offline_access to what they ask for wherever the issuer advertises it. A user without the role offline_access signs in and consents, and the token request that follows is refused (400 not_allowed).',
    cause: 'The role was taken out of the realm’s default role, or users got their roles in another way.',
    fix: 'mcpkc create-scope --hide-scope offline_access takes the scope out of the metadata: connections then last as long as a session. Or add the role offline_access to the default role (Realm roles, default-roles-…).',
    sources: ['OpenID Connect Core §11', SEEN],
  },
  find(seen) {
    if (requireShown(seen.parts.defaultRoles).includes(OFFLINE)) return [];
    const doors = doorsOf(seen);
    if (!doors.advertised.includes(OFFLINE)) return [];
    const { named } = namingsOf(seen);
    const asking = seen.presets.filter((preset) => asksFor(preset, OFFLINE, doors, named));
    if (asking.length === 0) return [];
    const who = asking.map(({ title }) => title).join(', ');
    return [
      {
        subject: OFFLINE,
        message: `New users have no role offline_access, and ${who} asks for that scope: without the role the token request is refused.`,
        fix: hideScope(seen, OFFLINE),
        depends: asking.map(({ name }) => name),
      },
    ];
  },
};

/** The scopes that products ask for in this realm. */
export const askedScopes: RuleGroup = {
  title: 'Scopes that products ask for',
  applies: (seen) => listServers(seen).length > 0,
  rules: [refused, basicMissing, offlineRole],
};
