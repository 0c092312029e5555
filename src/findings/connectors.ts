import { ageText } from '../duration.ts';
import { ADMIN_GUIDE, REGISTRATION_GUIDE, SEEN } from '../explanation.ts';
import { asksFor, type Naming } from '../products/foresee.ts';
import type { Preset } from '../products/preset.ts';
import { OFFLINE } from '../products/scopes.ts';
import { OWN_POLICY } from '../realm/own-policies.ts';
import { webOriginsOf } from '../realm/registration-policies.ts';
import { AUDIENCE_MAPPER, type ClientPolicy, type ClientScope, POLICY } from '../realm/representations.ts';
import { type CommandPart, typedList } from '../text.ts';
import { doorsOf, namingsOf } from './asked-scopes.ts';
import type { Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, atMcpServer, fixByCommand, trustHosts } from './fixes.ts';
import { listAnonymous } from './hosts.ts';
import { isShut, listServers, requireShown, type Seen } from './seen.ts';
import { listRegistering, withoutClient } from './ways.ts';

/** An executor's demand on a client, which a client policy may make. */
interface Demand {
  what: string;
  /** Whether a product fails the demand in this realm, where the MCP server names these scopes. */
  stops(preset: Preset, seen: Seen, naming: Naming): boolean;
  /** The executor judges sign-ins and tokens alone, where a condition about registrations abstains. */
  atSignIn?: true;
}

const isPublic = ({ registration }: Preset) => registration.token_endpoint_auth_method === 'none';
const isLoopback = ({ registration }: Preset) =>
  registration.redirect_uris.some((uri) => uri.startsWith('http:'));
const everybody = () => true;
/** Whether a scope's audience is in lightweight tokens as well. */
const isInLightweight = (scope: ClientScope | undefined) =>
  scope?.mappers.some(
    ({ protocolMapper, config }) =>
      protocolMapper === AUDIENCE_MAPPER && config['lightweight.claim'] === 'true',
  ) === true;

/** Executors that products can’t satisfy (Keycloak 26.7); the others either change the client or ask what products do. */
const DEMANDS: Readonly<Record<string, Demand>> = {
  'dpop-bind-enforcer': { what: 'DPoP proofs', stops: everybody },
  'holder-of-key-enforcer': { what: 'tokens bound to a client certificate', stops: everybody },
  'secure-request-object': { what: 'signed request objects', stops: everybody },
  'secure-signature-algorithm-signed-jwt': {
    what: 'signed client assertions',
    stops: (preset) => !isPublic(preset),
  },
  'secure-client-authenticator': {
    what: 'another client authentication',
    stops: (preset) => !isPublic(preset),
  },
  'confidential-client': { what: 'confidential clients', stops: isPublic },
  'secure-client-uris': { what: 'https in every URI', stops: isLoopback },
  'reject-request': { what: 'no such request at all', stops: everybody },
  'secure-response-type': {
    what: 'ID tokens or signed answers from the authorization endpoint',
    stops: everybody,
  },
  'intent-client-bind-checker': { atSignIn: true, what: 'an intent id in the request', stops: everybody },
  'secure-session': {
    atSignIn: true,
    what: 'a nonce',
    stops: (preset, seen, naming) => asksFor(preset, 'openid', doorsOf(seen), naming),
  },
  'use-lightweight-access-token': {
    atSignIn: true,
    what: 'lightweight access tokens, which have no aud',
    stops: (_preset, seen) => !listServers(seen).some(({ scopes }) => isInLightweight(scopes.carrier)),
  },
};

/** Executors of Keycloak’s own profiles, which the realm’s list doesn’t have (26.7.3). */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  'fapi-1-baseline': ['secure-client-authenticator', 'secure-client-uris'],
  'fapi-1-advanced': [
    'confidential-client',
    'secure-client-authenticator',
    'secure-client-uris',
    'secure-request-object',
    'holder-of-key-enforcer',
  ],
  'fapi-2-security-profile': [
    'confidential-client',
    'secure-client-authenticator',
    'secure-client-uris',
    'holder-of-key-enforcer',
  ],
  'fapi-2-message-signing': [
    'confidential-client',
    'secure-client-authenticator',
    'secure-client-uris',
    'secure-request-object',
    'holder-of-key-enforcer',
  ],
  'fapi-2-dpop-security-profile': [
    'confidential-client',
    'secure-client-authenticator',
    'secure-client-uris',
    'dpop-bind-enforcer',
  ],
  'fapi-2-dpop-message-signing': [
    'confidential-client',
    'secure-client-authenticator',
    'secure-client-uris',
    'secure-request-object',
    'dpop-bind-enforcer',
  ],
  'oauth-2-1-for-confidential-client': ['secure-client-authenticator', 'holder-of-key-enforcer'],
  'oauth-2-1-for-public-client': ['dpop-bind-enforcer'],
};

/** Whether the client that a product registers meets a policy; undefined where nothing here tells. */
function meets(preset: Preset, { conditions = [] }: ClientPolicy): boolean | undefined {
  if (conditions.length === 0) return true;
  const votes = conditions.map(({ condition, configuration }) => {
    if (condition === 'any-client') return true;
    if (condition === 'client-access-type') {
      const types = configuration?.type;
      return Array.isArray(types) && types.includes(isPublic(preset) ? 'public' : 'confidential');
    }
    if (condition === 'client-updater-context') {
      const sources = configuration?.['update-client-source'];
      return Array.isArray(sources) && sources.includes('ByAnonymous');
    }
    return undefined;
  });
  if (votes.includes(false)) return false;
  return votes.includes(undefined) ? undefined : true;
}

const foreignPolicy: Rule = {
  code: 'POLICY_STOPS_PRODUCTS',
  severity: 'error',
  needs: ['clientPolicies', 'scopes', 'registrationPolicies'],
  explanation: {
    what: 'A client policy demands something of clients that registered themselves which these products don’t do: DPoP proofs, signed assertions, https redirect URIs. The registration is refused (403), or everything works as far as the token request, which is refused (400).',
    cause:
      'Somebody made the policy for other clients, with a condition that new clients meet too (any client, client access type).',
    fix: 'Narrow the policy’s condition to the clients that it is for (client roles, client scopes), or take the executor out: Realm settings, Client policies.',
    sources: [ADMIN_GUIDE, 'RFC 9449', SEEN],
  },
  find(seen) {
    const { policies, profiles } = requireShown(seen.parts.clientPolicies);
    const { named } = namingsOf(seen);
    const own: readonly string[] = Object.values(OWN_POLICY);
    return policies
      .filter(({ name, enabled }) => enabled === true && !own.includes(name))
      .flatMap((policy): Found[] => {
        const executors = (policy.profiles ?? []).flatMap((name) => {
          const profile = profiles.find((one) => one.name === name);
          return profile?.executors?.map(({ executor }) => executor) ?? BUILT_IN[name] ?? [];
        });
        const demands = executors.flatMap((executor) => {
          const demand = Object.hasOwn(DEMANDS, executor) ? DEMANDS[executor] : undefined;
          return demand ? [{ executor, ...demand }] : [];
        });
        const isOfRegistration = (policy.conditions ?? []).some(
          ({ condition }) => condition === 'client-updater-context',
        );
        const judging = demands.filter(({ atSignIn }) => !(atSignIn && isOfRegistration));
        // A condition on who updates a client is met by registrations alone.
        const asked = isOfRegistration ? listRegistering(seen) : seen.presets;
        const met = asked.filter((preset) => meets(preset, policy) === true);
        const stoppedBy = (naming: Naming) =>
          met.filter((preset) => judging.some(({ stops }) => stops(preset, seen, naming)));
        const stopped = stoppedBy(named);
        const silent = stoppedBy({}).filter((preset) => !stopped.includes(preset));
        const concerned = [...stopped, ...silent];
        if (concerned.length === 0) return [];
        const hit = judging.filter(({ stops }) =>
          concerned.some((preset) => stops(preset, seen, named) || stops(preset, seen, {})),
        );
        const titles = (of: readonly Preset[]) => of.map(({ title }) => title).join(', ');
        const who = [
          stopped.length === 0 ? '' : `${titles(stopped)} can’t connect`,
          silent.length === 0 ? '' : `${titles(silent)} can’t connect where the MCP server names no scope`,
        ].filter((part) => part !== '');
        const what = [...new Set(hit.map((demand) => demand.what))].join(', ');
        const which = [...new Set(hit.map(({ executor }) => executor))].join(', ');
        const conditions = (policy.conditions ?? []).map(({ condition }) => condition).join(', ');
        return [
          {
            subject: policy.name,
            message: `The client policy '${policy.name}' (condition ${conditions || 'none'}, executor ${which}) demands ${what}: ${who.join('; ')}.`,
            fix: atKeycloak(
              `In the admin console, Realm settings, Client policies: narrow the condition of '${policy.name}' to the clients that it is for.`,
            ),
            ...(stopped.length === 0 ? { severity: 'warning' as const } : {}),
            products: stopped.map(({ name }) => name),
            depends: silent.map(({ name }) => name),
          },
        ];
      });
  },
};

const originsMissing: Rule = {
  code: 'REGISTRATION_ORIGINS_MISSING',
  severity: 'error',
  needs: ['registrationPolicies'],
  explanation: {
    what: "A product registers from a web page, so that the request carries the page’s Origin, and the policy 'Allowed Registration Web Origins' doesn’t list it: 403 'Invalid origin'. The preflight before it is answered with 200 all the same.",
    cause:
      'The list is empty in every new realm. A realm without the policy refuses every Origin (26.5.6, 26.7.3). Keycloak 26.4 has no such policy and answers no browser at all: its preflight carries no Access-Control-Allow-Origin.',
    fix: 'mcpkc trusted-hosts --preset <name> and create-scope --preset <name> add the product’s origins and leave the others as they are. Where the policy is missing, add it in the admin console; Keycloak 26.4 has to be upgraded, or the product connects through its own server.',
    sources: [REGISTRATION_GUIDE, 'Fetch, CORS protocol', SEEN, 'Seen on Keycloak 26.4.0 and 26.5.6'],
  },
  find(seen) {
    if (isShut(seen)) return [];
    const policies = listAnonymous(seen, POLICY.webOrigins).map(webOriginsOf);
    const isMissing = policies.length === 0;
    const { server } = seen.parts;
    const hasCors = server.visible ? server.value.listsOrigins : undefined;
    return listRegistering(seen).flatMap((preset): Found[] => {
      const { registersInBrowser, origins, title, name } = preset;
      if (registersInBrowser === undefined) return [];
      const missing = origins.filter(
        (origin) => isMissing || policies.some((listed) => !listed.includes(origin)),
      );
      if (missing.length === 0) return [];
      const always = registersInBrowser === 'always';
      const when = always ? 'registers' : 'registers, where its page connects directly,';
      const from = `${title} ${when} from ${missing.join(', ')}`;
      const byHand = `In the admin console, Clients, Client registration, Anonymous access policies: add Allowed Registration Web Origins with ${missing.join(', ')}.`;
      const [problem, fix] = !isMissing
        ? [
            `which the policy 'Allowed Registration Web Origins' doesn’t list: 403 'Invalid origin'`,
            trustHosts(seen, { presets: [name] }),
          ]
        : hasCors === false
          ? [
              'and this Keycloak answers no browser at its registration endpoint (no CORS before 26.5)',
              atKeycloak(
                'Upgrade Keycloak to 26.5.6 or later, or have the page connect through its own server.',
              ),
            ]
          : [
              "and the realm has no policy 'Allowed Registration Web Origins': 403 'Invalid origin', or no CORS at all before 26.5",
              atKeycloak(byHand),
            ];
      return [
        {
          subject: title,
          message: `${from}, ${problem}.`,
          fix,
          ...(always ? { products: [name] } : { severity: 'warning' as const, depends: [name] }),
        },
      ];
    });
  },
};

const unregistrable: Rule = {
  code: 'PRODUCT_CANNOT_REGISTER',
  severity: 'error',
  needs: ['record', 'ids', 'clientPolicies', 'scopes', 'registrationPolicies'],
  explanation: {
    what: 'What this product sends to register is refused by every Keycloak, whatever the realm allows.',
    cause: 'A fault of the product, which Keycloak 26.4 to 26.7 answers with 400: no event is stored of it.',
    fix: 'mcpkc allow <resource> --preset <name> --by client makes a client for it and prints what to write into its settings.',
    sources: [REGISTRATION_GUIDE, 'RFC 7591 §3.2.2', SEEN],
  },
  find(seen) {
    if (isShut(seen)) return [];
    const resource = seen.resource ?? listServers(seen).find((one) => one.resource)?.resource;
    return withoutClient(seen).flatMap((preset): Found[] => {
      if (preset.cannotRegister === undefined) return [];
      const { name, title } = preset;
      const parts: CommandPart[] = [
        ['--preset', typedList([name])],
        ['--by', 'client'],
      ];
      const fix =
        resource === undefined
          ? atMcpServer('Name the MCP server: mcpkc allow <its URL> makes a client for the product.')
          : fixByCommand(seen, ['allow', resource, ...parts]);
      return [
        {
          subject: title,
          message: `${title} can’t register: ${preset.cannotRegister}.`,
          fix,
          products: [name],
        },
      ];
    });
  },
};

const rotation: Rule = {
  code: 'REFRESH_REUSE_ZERO',
  severity: 'warning',
  needs: ['lifetimes'],
  explanation: {
    what: 'Each refresh gives a new refresh token, and the old one may not be used once more. A product that refreshes twice at once, or loses an answer, is signed out: the second request ends the whole session.',
    cause: "'Revoke Refresh Token' is on with 'Refresh Token Max Reuse' 0.",
    fix: 'In the admin console, Realm settings, Tokens: set Refresh Token Max Reuse to 1 or more, or switch Revoke Refresh Token off.',
    sources: ['RFC 9700 §4.14', ADMIN_GUIDE, SEEN],
  },
  find(seen) {
    const { rotates, reuse } = requireShown(seen.parts.lifetimes).refreshing;
    if (!rotates || reuse > 0) return [];
    const message =
      'A refresh token may be used once: a product that refreshes twice at once has to sign in again.';
    const fix = atKeycloak('In the admin console, Realm settings, Tokens: set Refresh Token Max Reuse to 1.');
    return [{ subject: 'Refresh Token Max Reuse', message, fix }];
  },
};

const HOUR_S = 3600;

const lifetime: Rule = {
  code: 'CONNECTION_LIFETIME',
  severity: 'info',
  needs: ['lifetimes', 'scopes', 'registrationPolicies'],
  explanation: {
    what: 'How long a connection lasts until its user has to sign in again: as long as the session of the sign-in, which ends when nobody used it for a while and at the latest after its maximum. A product that asks for offline_access has an offline session, which lasts much longer.',
    cause:
      'A new realm ends sessions after 30 idle minutes and 10 hours, offline sessions after 30 idle days.',
    fix: 'In the admin console, Realm settings, Sessions: SSO Session Idle and Max, Offline Session Idle.',
    sources: [ADMIN_GUIDE, 'OpenID Connect Core §11', SEEN],
  },
  find(seen) {
    if (listServers(seen).length === 0) return [];
    const { sessionIdle, sessionMax, offlineIdle, offlineMax } = requireShown(seen.parts.lifetimes).lifetimes;
    const doors = doorsOf(seen);
    const { named } = namingsOf(seen);
    const span = (seconds: number) => ageText(seconds * 1000);
    const offline = (preset: Preset) => asksFor(preset, OFFLINE, doors, named);
    return seen.presets.map((preset) => {
      const end = offlineMax === undefined ? '' : `, ${span(offlineMax)} at most`;
      const lasts = offline(preset)
        ? `sign in again after ${span(offlineIdle)} without use${end} (offline access)`
        : `sign in again after ${span(sessionIdle)} without use, ${span(sessionMax)} at most`;
      const setting = offline(preset) ? 'Offline Session Idle' : 'SSO Session Idle and SSO Session Max';
      const short =
        !offline(preset) && sessionIdle < HOUR_S ? ' A pause of less than an hour signs the user out.' : '';
      return {
        subject: preset.title,
        message: `${preset.title}: ${lasts}.${short}`,
        fix: atKeycloak(`Realm settings, Sessions: ${setting}.`),
      };
    });
  },
};

/** Rules about other client policies that products meet on their way. */
export const connectors: RuleGroup = {
  title: 'What products meet at registration and token endpoint',
  applies: (seen: Seen) => listServers(seen).length > 0,
  rules: [unregistrable, foreignPolicy, originsMissing, rotation, lifetime],
};
