import { ADMIN_GUIDE, SEEN } from '../explanation.ts';
import { isAtLeast } from '../keycloak/read/features.ts';
import { trustedHost } from '../names/resource-url.ts';
import { isSelfRegistered } from '../products/dynamic.ts';
import { heldAs } from '../realm/lists.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import {
  formerPolicy,
  listDeviations,
  NO_WILDCARDS,
  OWN_POLICY,
  type OwnPolicy,
  PATTERNS,
  PKCE_ATTRIBUTE,
  PKCE_METHOD,
  patternsOf,
  scopesNamedBy,
  userlessPolicy,
} from '../realm/own-policies.ts';
import { hostExpression } from '../realm/redirect-patterns.ts';
import { hostsOf } from '../realm/registration-policies.ts';
import { type Client, type ClientPolicy, POLICY } from '../realm/representations.ts';
import { typedList } from '../text.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, createScope, fixByCommand, harden, repair } from './fixes.ts';
import { isTrustedHost, listAnonymous } from './hosts.ts';
import { isShut, listServers, nameFor, realmOf, requireShown, type Seen } from './seen.ts';
import { isRegistrationShut } from './ways.ts';

type Configuration = Record<string, unknown>;

/** The configurations of a policy's conditions of one kind. */
function conditions(policy: ClientPolicy, kind: string): Configuration[] {
  return (policy.conditions ?? [])
    .filter(({ condition }) => condition === kind)
    .map(({ configuration }) => configuration ?? {});
}

function executes(seen: Seen, policy: ClientPolicy, executor: string): boolean {
  const { profiles } = requireShown(seen.parts.clientPolicies);
  return (policy.profiles ?? []).some((name) =>
    profiles.find((profile) => profile.name === name)?.executors?.some((one) => one.executor === executor),
  );
}

const missingScope: Rule = {
  code: 'POLICY_NAMES_MISSING_SCOPE',
  severity: 'error',
  needs: ['clientPolicies', 'scopes'],
  explanation: {
    what: "A client policy names a client scope that is gone. Keycloak checks the whole list whenever one policy is saved, so every edit of client policies in this realm fails, in the admin console too ('Client scopes not allowed'), and what the policy was to enforce is not enforced.",
    cause: 'The scope was deleted without taking it out of the policy first.',
    fix: 'A policy of mcpkc’s own goes with mcpkc create-scope --remove --scope <name>, or gets its scope back by mcpkc create-scope. Somebody else’s policy is theirs to edit: take the name out in Realm settings, Client policies (JSON editor).',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    requireShown(seen.parts.clientPolicies).policies.flatMap((policy) => {
      const there = realmOf(seen).scopes.map(({ name }) => name);
      const gone = scopesNamedBy(policy).filter((name) => !there.includes(name));
      const [first] = gone;
      if (first === undefined) return [];
      const message = `The client policy '${policy.name}' names the scope ${gone.join(', ')}, which is gone: no client policy of this realm can be edited ('Client scopes not allowed').`;
      return [{ subject: policy.name, message, fix: withoutScope(seen, policy, first) }];
    }),
};

const missingProfile: Rule = {
  code: 'POLICY_NAMES_MISSING_PROFILE',
  severity: 'error',
  needs: ['clientPolicies'],
  explanation: {
    what: 'A client policy names a client profile that is gone. Keycloak checks the whole list whenever one policy is saved, so every edit of client policies in this realm fails, in the admin console too, and what the policy was to enforce is not enforced. mcpkc writes nothing where it would edit policies (POLICIES_BROKEN).',
    cause: 'The profile was deleted while the policy named it: Keycloak takes that edit.',
    fix: 'Take the name out of the policy, or delete the policy, in Realm settings, Client policies (JSON editor): policies first, then profiles.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    const { policies, profiles, globalProfiles } = requireShown(seen.parts.clientPolicies);
    if (!globalProfiles) return [];
    const there = [...profiles.map(({ name }) => name), ...globalProfiles];
    const own: readonly string[] = Object.values(OWN_POLICY);
    return policies.flatMap((policy): Found[] => {
      const gone = (policy.profiles ?? []).filter((name) => !there.includes(name));
      // A fault of mcpkc's own policies is a finding of its own, and any command that hardens makes them again.
      if (gone.length === 0 || own.includes(policy.name)) return [];
      const message = `The client policy '${policy.name}' names the profile ${gone.join(', ')}, which is gone: no client policy of this realm can be edited.`;
      const fix = atKeycloak(
        `In the admin console, Realm settings, Client policies: take '${gone.join("', '")}' out of '${policy.name}', or delete it.`,
      );
      return [{ subject: policy.name, message, fix }];
    });
  },
};

function withoutScope(seen: Seen, policy: ClientPolicy, scope: string): Fix {
  if (policy.name === OWN_POLICY.userless) return harden(seen);
  if (formerPolicy(policy) === undefined) {
    return atKeycloak(
      `In the admin console, Realm settings, Client policies: take '${scope}' out of '${policy.name}', or delete it.`,
    );
  }
  const { resource = listServers(seen).find((one) => one.resource !== undefined)?.resource } = seen;
  if (resource === undefined) {
    return atKeycloak(`In the admin console, Realm settings, Client policies: delete '${policy.name}'.`);
  }
  if (nameFor(seen, resource) === scope) return createScope(seen, resource, scope);
  return fixByCommand(seen, ['create-scope', '--remove', ['--resource', resource], ['--scope', scope]]);
}

/** mcpkc's policy for clients that register themselves, where it is there, enabled, and applies to nothing else. */
function ownPolicy(seen: Seen): Partial<OwnPolicy> {
  const { policies, profiles } = requireShown(seen.parts.clientPolicies);
  const policy = policies.find(({ name }) => name === OWN_POLICY.registrations);
  const profile = profiles.find(({ name }) => name === OWN_POLICY.registrations);
  if (policy?.enabled !== true || !isForRegistrations(policy)) return {};
  return { policy, ...(profile && { profile }) };
}

/** Whether a policy applies to clients that registered themselves, and perhaps to others. */
function isForRegistrations({ conditions = [] }: ClientPolicy): boolean {
  return conditions.every(({ condition, configuration }) => {
    if (condition === 'any-client') return true;
    const sources = configuration?.['update-client-source'];
    return (
      condition === 'client-updater-context' && Array.isArray(sources) && sources.includes('ByAnonymous')
    );
  });
}

/** Whether registrations meet an executor of mcpkc's policy, or there can be no registration. */
function isHeldBy(seen: Seen, executor: string): boolean {
  const { profile } = ownPolicy(seen);
  return isRegistrationShut(seen) || profile?.executors?.some((one) => one.executor === executor) === true;
}

const pkce: Rule = {
  code: 'PKCE_NOT_ENFORCED',
  severity: 'warning',
  needs: ['registrationPolicies', 'clientPolicies', 'scopes'],
  explanation: {
    what: 'A client that registers itself may sign people in without PKCE, and with the method plain: a stolen authorization code is enough for a token. OAuth 2.1 demands PKCE with S256, and every MCP client uses it.',
    cause:
      'PKCE is optional in Keycloak until a client policy makes it a setting of each client that registers; the realm has none, or it is disabled or was changed.',
    fix: 'mcpkc create-scope, onboard and trusted-hosts add the policy. It meets registrations and nothing else: no other application’s sign-in changes.',
    sources: ['OAuth 2.1 (draft) §4.1.1, §7.5.1', 'RFC 7636', ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    isShut(seen) || isHeldBy(seen, 'pkce-enforcer')
      ? []
      : [
          {
            subject: OWN_POLICY.registrations,
            message:
              'Clients that register themselves may sign people in without PKCE: no client policy holds them to it.',
            fix: harden(seen),
          },
        ],
};

const grants: Rule = {
  code: 'OLD_GRANTS_POSSIBLE',
  severity: 'warning',
  needs: ['registrationPolicies', 'clientPolicies', 'scopes'],
  explanation: {
    what: 'A client that registers itself may bring the implicit flow, whose tokens stand in the browser’s address, and the password grant, which hands people’s passwords to it.',
    cause: 'Keycloak allows both to registrations; the realm has no client policy that switches them off.',
    fix: 'mcpkc create-scope, onboard and trusted-hosts add the policy.',
    sources: ['OAuth 2.1 (draft) §10', ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    isShut(seen) || (isHeldBy(seen, 'reject-implicit-grant') && isHeldBy(seen, 'reject-ropc-grant'))
      ? []
      : [
          {
            subject: OWN_POLICY.registrations,
            message: 'Clients that register themselves may use the implicit flow and the password grant.',
            fix: harden(seen),
          },
        ],
};

const redirects: Rule = {
  code: 'REDIRECTS_NOT_HELD',
  severity: 'warning',
  needs: ['registrationPolicies', 'clientPolicies', 'scopes', 'server'],
  explanation: {
    what: 'A client may register any path at a trusted host, wildcards too, as where sign-ins end. Anybody who controls one page at such a host, or an open redirect, collects codes of anybody who signs in.',
    cause:
      'Trusted Hosts compares hosts alone. The realm has no client policy that holds redirect URIs to those of the products (Keycloak 26.7), or that refuses wildcards (26.4).',
    fix: 'mcpkc create-scope, onboard and trusted-hosts add the policy. Hosts that were trusted by hand stay open as they are.',
    sources: ['OAuth 2.0 Security (RFC 9700) §2.1, §4.1', ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    const { redirects: can } = requireShown(seen.parts.server);
    if (can === undefined || can === 'none' || isShut(seen)) return [];
    if (isHeldBy(seen, can === 'patterns' ? PATTERNS.executor : NO_WILDCARDS.executor)) return [];
    const message =
      can === 'patterns'
        ? 'Clients may register any path at a trusted host, wildcards too: no client policy holds redirect URIs to the products’.'
        : 'Clients may register wildcards as redirect URIs: no client policy refuses them.';
    return [{ subject: OWN_POLICY.registrations, message, fix: harden(seen) }];
  },
};

const openServer: Rule = {
  code: 'MCP_HOST_OPEN',
  severity: 'warning',
  needs: ['clientPolicies', 'scopes', 'registrationPolicies', 'server'],
  explanation: {
    what: 'The MCP server’s own host is a trusted host, and any path at it may be registered as where sign-ins end. Anybody who controls a page there (an upload, a user’s page, an open redirect) registers a client that gets codes of anybody who signs in.',
    cause:
      'An older guide, or mcpkc 0.1.0, listed the host, and nothing holds redirect URIs at it; or it was opened by name.',
    fix: 'Where the server holds redirect URIs to patterns (26.7), mcpkc create-scope keeps the host trusted without a pattern, so that nothing registers there. Else take it out: mcpkc trusted-hosts --remove <host>.',
    sources: ['OAuth 2.0 Security (RFC 9700) §4.1', SEEN],
  },
  find(seen) {
    const lists = listAnonymous(seen, POLICY.trustedHosts).map((policy) => hostsOf(policy).hosts);
    const patterns = patternsOf(ownPolicy(seen).profile);
    const products = seen.presets.flatMap(({ trustedHosts }) => trustedHosts);
    const servers = listServers(seen).flatMap((judged) =>
      judged.resource === undefined ? [] : [{ judged, host: trustedHost(judged.resource) }],
    );
    return servers.flatMap(({ judged, host }): Found[] => {
      const isTrusted = lists.some((hosts) => isTrustedHost(hosts, host)) && !products.includes(host);
      const isOpen = patterns === undefined || patterns.includes(hostExpression(host));
      if (!isTrusted || !isOpen) return [];
      const message = `Clients may register any redirect URI at ${host}, the MCP server’s own host: anybody who controls a page there can collect codes.`;
      const hold = requireShown(seen.parts.server).redirects === 'patterns' && patterns === undefined;
      const fix = hold ? repair(seen, judged) : fixByCommand(seen, ['trusted-hosts', ['--remove', host]]);
      return [{ subject: host, message, fix }];
    });
  },
};

const foreign: Rule = {
  code: 'FOREIGN_REDIRECT_POLICY',
  severity: 'warning',
  needs: ['clientPolicies'],
  explanation: {
    what: 'Another client policy than mcpkc’s holds redirect URIs of registrations, too. Two such policies are an AND: a product registers only where both let its URIs in.',
    cause: 'Somebody made it, for another purpose or before mcpkc.',
    fix: 'Take the executor out of one of the two (Realm settings, Client policies), or add the products’ redirect URIs to it.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) => {
    const { policies, profiles } = requireShown(seen.parts.clientPolicies);
    const holds = (name: string) =>
      profiles
        .find((profile) => profile.name === name)
        ?.executors?.some(({ executor }) =>
          [PATTERNS.executor, NO_WILDCARDS.executor].includes(executor as never),
        );
    return policies
      .filter(({ name, enabled }) => name !== OWN_POLICY.registrations && enabled === true)
      .filter((policy) => isForRegistrations(policy) && policy.profiles?.some(holds))
      .map(({ name }) => ({
        subject: name,
        message: `The client policy '${name}' holds redirect URIs of registrations as well: a product registers only where both policies let it.`,
        fix: atKeycloak(
          `In the admin console, Realm settings, Client policies: look whether '${name}' is still needed.`,
        ),
      }));
  },
};

const formerPkce: Rule = {
  code: 'PKCE_BREAKS_APPLICATIONS',
  severity: 'warning',
  needs: ['clientPolicies', 'scopes'],
  explanation: {
    what: 'A client policy of mcpkc 0.1.0 demands PKCE of every client that holds the MCP server’s scope: also of applications that it was assigned to, and of every client that an administrator makes while the scope is a realm default. Those that don’t use PKCE can’t sign anybody in.',
    cause: 'mcpkc 0.1.0 enforced PKCE by client scope.',
    fix: 'The next mcpkc create-scope or onboard sets it on each client that registered itself, then removes the policy.',
    sources: [SEEN],
  },
  find: (seen) =>
    requireShown(seen.parts.clientPolicies)
      .policies.filter((policy) => formerPolicy(policy)?.isPkce === true)
      .map(({ name }) => ({
        subject: name,
        message: `The client policy '${name}' demands PKCE of every client that holds the scope, other people’s applications included.`,
        fix: harden(seen),
      })),
};

const userless: Rule = {
  code: 'USERLESS_TOKENS_POSSIBLE',
  severity: 'warning',
  needs: ['registrationPolicies', 'clientPolicies', 'scopes', 'server'],
  explanation: {
    what: 'Anybody who may register a client may register it for client credentials, and then gets tokens with the MCP server’s audience without any user signing in. A server that looks at the audience alone lets it in.',
    cause:
      'Keycloak allows the grant to anonymous registrations, and a realm default scope puts its audience into every client’s tokens. Where a client that is there uses it, mcpkc leaves the policy out until --yes agrees.',
    fix: 'mcpkc create-scope refuses such tokens to what registered itself by a client policy (Keycloak 26.7.0 or later; before that no policy is known that doesn’t break sign-ins). Or let the MCP server demand a user: `sub` of a person, or no `client_id` of a service account.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    listServers(seen).flatMap((judged): Found[] => {
      const { scope: name } = judged;
      if (!servesEveryClient(judged) || isShut(seen) || userlessRefused(seen, name)) return [];
      const hit = machines(seen, name);
      const who =
        hit.length === 0 ? '' : ` Refusing them would hit ${hit.map(({ clientId }) => clientId).join(', ')}.`;
      const message = `A client that registers itself can get a token for '${name}' without any user (client credentials).${who}`;
      const fix = isTooOld(seen)
        ? atKeycloak(
            `Keycloak ${requireShown(seen.parts.server).version} knows no policy for it: upgrade to 26.7.0 or later, then mcpkc create-scope. Until then the MCP server has to refuse tokens without a user.`,
          )
        : repair(seen, judged, hit.some((client) => !isSelfRegistered(client)) ? ['--yes'] : []);
      return [{ subject: name, message, fix }];
    }),
};

/** Whether every client that registers gets the audience of a server. */
function servesEveryClient({ mode, list }: Pick<PresentServer, 'mode' | 'list'>): boolean {
  return mode === 'standing' && list !== 'none';
}

/** Whether the server certainly can't refuse tokens without a user to registered clients alone (before 26.7.0). */
function isTooOld({ parts }: Seen): boolean {
  return isAtLeast(requireShown(parts.server).version, [26, 7, 0]) === false;
}

/** Clients with a service account that the policy would refuse tokens, where the clients were listed. */
function machines({ parts }: Seen, scope: string): Client[] {
  const listed = parts.clients.visible ? (parts.clients.value?.clients ?? []) : [];
  return listed.filter(
    (client) =>
      client.serviceAccountsEnabled === true &&
      heldAs(client, scope) !== 'none' &&
      (isSelfRegistered(client) || client.attributes[PKCE_ATTRIBUTE] === PKCE_METHOD),
  );
}

/**
 * Whether tokens without a user are refused to the scope's holders. Policies that count are mcpkc's in its verified
 * form, that of 0.1.0, and others that reject the holders' client credentials. The policy of mcpkc refuses only clients
 * that have S256 as their own setting: with `client`, whether it refuses this one.
 */
function userlessRefused(seen: Seen, scope: string, client?: Client): boolean {
  const { policies, profiles } = requireShown(seen.parts.clientPolicies);
  return policies.some((policy) => {
    if (policy.name === OWN_POLICY.userless) {
      const scopes = scopesNamedBy(policy);
      const profile = profiles.find(({ name }) => name === OWN_POLICY.userless);
      const found = { policy, ...(profile && { profile }) };
      const isHeld = client === undefined || client.attributes[PKCE_ATTRIBUTE] === PKCE_METHOD;
      return isHeld && scopes.includes(scope) && listDeviations(found, userlessPolicy(scopes)).length === 0;
    }
    const [grant] = conditions(policy, 'grant-type');
    const types = grant?.grant_types;
    const others = (policy.conditions ?? []).filter(({ condition }) => condition !== 'grant-type');
    return (
      policy.enabled === true &&
      (policy.mode === 'STRICT' || others.length === 0) &&
      Array.isArray(types) &&
      types.includes('client_credentials') &&
      (others.length === 0 || (others.length === 1 && scopesNamedBy(policy).includes(scope))) &&
      executes(seen, policy, 'reject-request')
    );
  });
}

const withoutPkce: Rule = {
  code: 'CLIENT_WITHOUT_PKCE',
  severity: 'warning',
  needs: ['clients', 'scopes'],
  explanation: {
    what: 'A client that registered itself and holds an MCP server’s audience may sign people in without PKCE: it came before the policy that holds registrations to it.',
    cause:
      'It is no product’s that mcpkc knows, so mcpkc didn’t change it: its sign-ins would fail if it doesn’t use PKCE.',
    fix: 'mcpkc create-scope --client <client id> --yes sets it on the client. If nobody uses it, mcpkc prune-clients removes it.',
    sources: ['RFC 7636', SEEN],
  },
  find: (seen) => listServers(seen).flatMap((judged) => withoutPkceOf(seen, judged)),
};

function withoutPkceOf(seen: Seen, judged: PresentServer): Found[] {
  return (requireShown(seen.parts.clients)?.clients ?? [])
    .filter(
      (client) =>
        isSelfRegistered(client) &&
        heldAs(client, judged.carrier) !== 'none' &&
        client.standardFlowEnabled === true &&
        client.attributes[PKCE_ATTRIBUTE] !== PKCE_METHOD,
    )
    .map(({ clientId }) => ({
      subject: clientId,
      message: `The client ${clientId} registered itself, holds '${judged.scope}' and may sign people in without PKCE.`,
      fix: repair(seen, judged, [['--client', typedList([clientId])], '--yes']),
    }));
}

const machineClient: Rule = {
  code: 'CLIENT_WITHOUT_USER',
  severity: 'warning',
  needs: ['clients', 'scopes', 'clientPolicies', 'server'],
  explanation: {
    what: 'A client that registered itself may get tokens with the MCP server’s audience without a user. While it is there, mcpkc doesn’t refuse such tokens without consent.',
    cause:
      'It was registered with a service account before such tokens were refused. It may be somebody’s program, or a stranger’s way in.',
    fix: 'mcpkc create-scope --yes refuses such tokens to every client that registered itself, this one included. If nobody knows the client, mcpkc prune-clients removes it.',
    sources: [ADMIN_GUIDE, SEEN],
  },
  find: (seen) =>
    listServers(seen).flatMap((judged): Found[] => {
      const { scope: name } = judged;
      if (!servesEveryClient(judged) || isTooOld(seen)) return [];
      // A client that is older than the policy lacks the setting that the policy goes by. Naming the client sets it.
      const isThere = userlessRefused(seen, name);
      return machines(seen, name)
        .filter((client) => isSelfRegistered(client) && !userlessRefused(seen, name, client))
        .map(({ clientId }) => ({
          subject: clientId,
          message: `The client ${clientId} registered itself and may get tokens for '${name}' without a user.`,
          fix: repair(seen, judged, isThere ? [['--client', typedList([clientId])], '--yes'] : ['--yes']),
        }));
    }),
};

/** The realm's client policies. */
export const clientPolicies: RuleGroup = {
  title: 'Client policies',
  applies: (seen) => listServers(seen).length > 0,
  rules: [
    missingScope,
    missingProfile,
    pkce,
    redirects,
    openServer,
    grants,
    userless,
    formerPkce,
    foreign,
    withoutPkce,
    machineClient,
  ],
};
