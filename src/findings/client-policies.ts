import { ADMIN_GUIDE, SEEN } from '../explanation.ts';
import { isAtLeast } from '../keycloak/read/features.ts';
import { policyNames } from '../plan/policies.ts';
import type { ClientPolicy } from '../realm/representations.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atServer, command, createScope, repair } from './fixes.ts';
import { judgedScopes, nameFor, realmOf, type Seen, shown } from './seen.ts';

type Configuration = Record<string, unknown>;

/** The configurations of a policy's conditions of one kind. */
function conditions(policy: ClientPolicy, kind: string): Configuration[] {
  return (policy.conditions ?? [])
    .filter(({ condition }) => condition === kind)
    .map(({ configuration }) => configuration ?? {});
}

function scopesNamed(policy: ClientPolicy): string[] {
  return conditions(policy, 'client-scopes').flatMap(({ scopes }) =>
    Array.isArray(scopes) ? scopes.map(String) : [],
  );
}

/** Whether a policy is in force for sign-ins that use a scope, as far as its conditions tell: any of them must hold. */
function concerns(policy: ClientPolicy, scope: string): boolean {
  const kinds = (policy.conditions ?? []).map(({ condition }) => condition);
  const all = kinds.length > 0 && kinds.every((kind) => kind === 'any-client' || kind === 'client-scopes');
  return all && (kinds.every((kind) => kind === 'any-client') || scopesNamed(policy).includes(scope));
}

function executes(seen: Seen, policy: ClientPolicy, executor: string): boolean {
  const { profiles } = shown(seen.parts.clientPolicies);
  return (policy.profiles ?? []).some((name) =>
    profiles.find((profile) => profile.name === name)?.executors?.some((one) => one.executor === executor),
  );
}

const missingScope: Rule = {
  code: 'POLICY_NAMES_MISSING_SCOPE',
  severity: 'error',
  needs: ['clientPolicies', 'scopes'],
  explanation: {
    what: 'A client policy names a client scope that is gone. Keycloak checks the whole list whenever one policy is saved, so every edit of client policies in this realm fails, in the admin console too (“Client scopes not allowed”), and what the policy was to enforce is not enforced.',
    cause: 'The scope was deleted without taking it out of the policy first.',
    mend: 'A policy of mcpkc’s own goes with mcpkc create-scope --remove --scope <name>, or gets its scope back by mcpkc create-scope. Somebody else’s policy is theirs to edit: take the name out in Realm settings, Client policies (JSON editor).',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    shown(seen.parts.clientPolicies).policies.flatMap((policy) => {
      const there = realmOf(seen).scopes.map(({ name }) => name);
      const gone = scopesNamed(policy).filter((name) => !there.includes(name));
      const [first] = gone;
      if (first === undefined) return [];
      const message = `The client policy '${policy.name}' names the scope ${gone.join(', ')}, which is gone: no client policy of this realm can be edited ("Client scopes not allowed").`;
      return [{ subject: policy.name, message, fix: withoutScope(seen, policy, first) }];
    }),
};

function withoutScope(seen: Seen, policy: ClientPolicy, scope: string): Fix {
  const own: string[] = Object.values(policyNames(scope));
  if (!own.includes(policy.name)) {
    return atServer(
      `In the admin console, Realm settings, Client policies: take '${scope}' out of '${policy.name}', or delete it.`,
    );
  }
  const { resource = judgedScopes(seen).find((one) => one.resource !== undefined)?.resource } = seen;
  if (resource === undefined) {
    return atServer(`In the admin console, Realm settings, Client policies: delete '${policy.name}'.`);
  }
  if (nameFor(seen, resource) === scope) return createScope(seen, resource, scope);
  return command(seen, ['create-scope', '--remove', ['--resource', resource], ['--scope', scope]]);
}

const pkce: Rule = {
  code: 'PKCE_NOT_ENFORCED',
  severity: 'warning',
  needs: ['clientPolicies', 'scopes'],
  explanation: {
    what: 'Keycloak takes sign-ins for the MCP server without PKCE, and with the method plain: a stolen authorization code is enough for a token. OAuth 2.1 demands PKCE with S256, and every MCP client uses it.',
    cause:
      'PKCE is optional in Keycloak until a client policy enforces it; the realm has none for this scope, or it is disabled or was changed.',
    mend: 'mcpkc create-scope for the resource adds the policy. Older clients that hold the scope and sign in without PKCE are named first.',
    sources: ['OAuth 2.1 (draft) §4.1.1, §7.5.1', 'RFC 7636', ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    judgedScopes(seen)
      .filter(({ carrier }) => !enforced(seen, carrier.name))
      .map((judged) => ({
        subject: judged.name,
        message: `Sign-ins with the scope '${judged.name}' work without PKCE: no client policy enforces it.`,
        fix: repair(seen, judged),
      })),
};

function enforced(seen: Seen, scope: string): boolean {
  return shown(seen.parts.clientPolicies).policies.some(
    (policy) => policy.enabled === true && concerns(policy, scope) && executes(seen, policy, 'pkce-enforcer'),
  );
}

const userless: Rule = {
  code: 'USERLESS_TOKENS_POSSIBLE',
  severity: 'warning',
  needs: ['clientPolicies', 'scopes', 'server'],
  explanation: {
    what: 'Whoever may register a client may register it for client credentials, and then gets tokens with the MCP server’s audience without any user signing in. A server that looks at the audience alone lets it in.',
    cause:
      'Keycloak allows the grant to anonymous registrations, and a realm default scope gives its audience to every client.',
    mend: 'mcpkc create-scope --reject-userless refuses such tokens by a client policy (Keycloak 26.7.0 or later; before that no policy is known that doesn’t break sign-ins). Or let the MCP server demand a user: `sub` of a person, or no `client_id` of a service account.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    judgedScopes(seen).flatMap((judged): Found[] => {
      const { name, mode, list } = judged;
      if (mode !== 'standing' || list === 'none' || userlessRefused(seen, name)) return [];
      const { version } = shown(seen.parts.server);
      const tooOld = isAtLeast(version, [26, 7, 0]) === false;
      const message = `A client that registers itself can get a token for '${name}' without any user (client credentials).`;
      const fix = tooOld
        ? atServer(
            `Keycloak ${version} knows no policy for it: upgrade to 26.7.0 or later, then mcpkc create-scope --reject-userless. Until then the MCP server has to refuse tokens without a user.`,
          )
        : repair(seen, judged, ['--reject-userless']);
      return [{ subject: name, message, fix }];
    }),
};

/** The recipe of mcpkc: STRICT, client credentials, this scope or any, rejected. */
function userlessRefused(seen: Seen, scope: string): boolean {
  return shown(seen.parts.clientPolicies).policies.some((policy) => {
    const [grant] = conditions(policy, 'grant-type');
    const types = grant?.grant_types;
    const others = (policy.conditions ?? []).filter(({ condition }) => condition !== 'grant-type');
    return (
      policy.enabled === true &&
      (policy.mode === 'STRICT' || others.length === 0) &&
      Array.isArray(types) &&
      types.includes('client_credentials') &&
      (others.length === 0 || (others.length === 1 && scopesNamed(policy).includes(scope))) &&
      executes(seen, policy, 'reject-request')
    );
  });
}

/** The realm's client policies. */
export const clientPolicies: RuleGroup = {
  title: 'Client policies',
  applies: (seen) => judgedScopes(seen).length > 0,
  rules: [missingScope, pkce, userless],
};
