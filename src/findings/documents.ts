import { MCP_GUIDE, MCP_SPEC, SEEN } from '../explanation.ts';
import { excessGrants } from '../products/adoptable.ts';
import { isCimdOf, judgeOrigin } from '../products/dynamic.ts';
import { PRESETS } from '../products/index.ts';
import type { Preset } from '../products/preset.ts';
import { matchesAny } from '../products/redirect.ts';
import { exactRedirects } from '../products/way.ts';
import {
  documentRefusedBy,
  EXECUTOR_HOSTS,
  executorsOf,
  isHostCovered,
  toTexts,
} from '../realm/document-policies.ts';
import { heldAs } from '../realm/lists.ts';
import { nameScopeOf } from '../realm/mcp-scope.ts';
import { allowedIn } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { isPinned } from '../realm/ways.ts';
import { typedList, typedName } from '../text.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, atMcpServer, fixByCommand } from './fixes.ts';
import { realmOf, requireShown, type Seen } from './seen.ts';
import {
  documentPolicies,
  documentState,
  fetchedBy,
  findUnregisteredWay,
  isDocumentAdvertised,
  lostClients,
  serverOf,
} from './ways.ts';
import { isTooWide } from './wide-hosts.ts';

/** The products that are looked at: those in question, and every one whose id somebody may have taken. */
function documented(seen: Seen): Preset[] {
  const all = [...seen.presets, ...PRESETS].filter(({ cimdUrl }) => cimdUrl !== undefined);
  return all.filter((one, index) => all.findIndex(({ name }) => name === one.name) === index);
}

/** `mcpkc allow` for a product and the MCP server in question; undefined where none is known. */
function allowing(seen: Seen, preset: Preset, flags: readonly string[] = []): Fix | undefined {
  const resource = seen.resource ?? serverOf(seen)?.resource;
  if (resource === undefined) return undefined;
  return fixByCommand(seen, ['allow', resource, ['--preset', typedList([preset.name])], ...flags]);
}

const notAllowed: Rule = {
  code: 'DOCUMENT_NOT_ALLOWED',
  severity: 'error',
  needs: ['record', 'ids', 'clientPolicies', 'scopes'],
  explanation: {
    what: "This issuer advertises client id metadata documents, and a product that has one uses its URL as client id instead of registering. Nothing in the realm knows that id, so the sign-in ends on an error page ('Client not found'); or its client has no audience of this MCP server, which refuses the tokens.",
    cause: 'Keycloak was started with the feature cimd, and the product wasn’t allowed for this MCP server.',
    fix: 'mcpkc allow <resource> --preset <product> makes the client. It needs no policy, and Keycloak fetches nothing.',
    sources: [MCP_GUIDE, MCP_SPEC, SEEN],
  },
  find(seen) {
    if (!isDocumentAdvertised(seen)) return [];
    return seen.presets.flatMap((preset): Found[] => {
      // A product that was assigned a client id uses it in place of its document.
      if (findUnregisteredWay(seen, preset)?.way === 'client') return [];
      const state = documentState(seen, preset);
      const without = withoutAudience(seen, preset, state);
      if (without) return [without];
      const isUnread =
        state?.kind === 'fetched' && preset.cimdReadable === 'no' && state.client === undefined;
      if (state?.kind !== 'unknown' && !isUnread) return [];
      const why = isUnread
        ? 'Keycloak can’t read it, whatever policy fetches it'
        : 'and no client of this realm has that id';
      const message = `${preset.title} doesn’t register here: it uses its document as client id, since the issuer advertises documents. ${isUnread ? why : `It has ${preset.cimdUrl}, ${why}`}: its sign-in ends on an error page.`;
      const fix = allowing(seen, preset) ?? atKeycloak('Name the MCP server: mcpkc allow <its URL>');
      return [{ subject: preset.name, message, fix }];
    });
  },
};

/** A document's client that holds no audience, or only that of other MCP servers. */
function withoutAudience(
  seen: Seen,
  preset: Preset,
  state: ReturnType<typeof documentState>,
): Found | undefined {
  const server = serverOf(seen);
  if (state?.kind !== 'pinned' && state?.kind !== 'fetched') return undefined;
  const { client, kind } = state;
  if (!client || server?.resource === undefined || heldAs(client, server.carrier) !== 'none')
    return undefined;
  const message = `${preset.title} uses its document as client id here, and the client ${client.clientId} doesn’t hold the audience of ${server.resource}: the MCP server refuses its tokens.`;
  const grant = fixByCommand(seen, ['onboard', server.resource, typedName(client.clientId)]);
  const fix = kind === 'fetched' ? grant : (allowing(seen, preset) ?? grant);
  return { subject: preset.name, message, fix };
}

const documentTaken: Rule = {
  code: 'DOCUMENT_ID_TAKEN',
  severity: 'error',
  needs: ['record', 'ids', 'clientPolicies', 'scopes'],
  explanation: {
    what: 'A client has the URL of a product’s metadata document as its id, and mcpkc didn’t make it. Anybody who registered it can change its redirect URIs at any time by its registration access token, and codes of that product’s users go there.',
    cause:
      'Anybody may choose a client id at the endpoint clients-registrations/default; or an administrator made it by hand.',
    fix: 'mcpkc allow <resource> --preset <product> --yes deletes it and makes it anew: the old token is dead. It is never repaired. Without the feature cimd nobody uses it: delete it in the admin console.',
    sources: [SEEN],
  },
  find: (seen) =>
    documented(seen).flatMap((preset): Found[] => {
      const state = documentState(seen, preset);
      if (state?.kind !== 'taken') return [];
      const { client } = state;
      const foreign = client.redirectUris.filter((uri) => !matchesAny(preset.redirectUris, uri));
      const where = foreign.length === 0 ? '' : `, and codes go to ${foreign.join(', ')}`;
      const message = `The client ${client.clientId} has the id of ${preset.title}’s document, and mcpkc didn’t make it${where}.`;
      const anew = isDocumentAdvertised(seen)
        ? allowing(seen, preset, ['--by', 'document', '--yes'])
        : undefined;
      const fix = anew ?? atKeycloak(`In the admin console, Clients: look at it, and delete it.`);
      return [{ subject: client.clientId, message, fix }];
    }),
};

const differs: Rule = {
  code: 'DOCUMENT_DIFFERS',
  severity: 'warning',
  needs: ['record', 'ids', 'clientPolicies', 'scopes'],
  explanation: {
    what: 'A product’s metadata document lists redirect URIs that its client in this realm lacks: sign-ins that use one are refused. Or the client has some that neither the document nor mcpkc knows. It is compared only with --check-documents.',
    cause: 'The vendor changed the document after mcpkc’s preset was written, or somebody edited the client.',
    fix: 'Update mcpkc, then mcpkc allow for the product again. A URI that the vendor documents can be named: --redirect-uri.',
    sources: [MCP_SPEC],
  },
  find(seen) {
    const { documents: live } = seen;
    if (live === undefined) return [];
    return documented(seen).flatMap((preset): Found[] => {
      const state = documentState(seen, preset);
      const document = live.get(preset.cimdUrl ?? '');
      if (state?.kind !== 'pinned' || document === undefined) return [];
      const { clientId: subject, redirectUris } = state.client;
      if ('why' in document) {
        const message = `The document ${subject} can’t be compared: ${document.why}.`;
        return [
          {
            subject,
            message,
            fix: atMcpServer('Try again from a machine that reaches it.'),
            severity: 'info',
          },
        ];
      }
      // A port of the document's own is any port here.
      const { exact } = exactRedirects(document.redirectUris);
      const missing = exact.filter((uri) => !redirectUris.includes(uri));
      const foreign = redirectUris.filter(
        (uri) =>
          !exact.includes(uri) &&
          !exactRedirects(preset.redirectUris.map((one) => one.uri)).exact.includes(uri),
      );
      const problems = [
        missing.length > 0 ? `lacks ${missing.join(', ')}, which the document lists` : '',
        foreign.length > 0 ? `has ${foreign.join(', ')}, which the document doesn’t list` : '',
      ].filter((one) => one !== '');
      if (problems.length === 0) return [];
      const message = `The client ${subject} ${problems.join('; ')}.`;
      const fix = atMcpServer(
        `Update mcpkc, and allow ${preset.title} again. A URI that the vendor documents can be named: --redirect-uri of mcpkc allow.`,
      );
      return [{ subject, message, fix }];
    });
  },
};

const allowedLost: Rule = {
  code: 'ALLOWED_LOST',
  severity: 'warning',
  needs: ['record', 'adopted'],
  explanation: {
    what: 'A product was allowed (mcpkc allow), and its client is gone, another one, or disabled: its users are refused with invalid_client. Or the client lost the audience scope, and the MCP server refuses its tokens.',
    cause: 'Somebody deleted or changed the client, or made another of the same id.',
    fix: 'mcpkc allow <resource> --preset <product> makes it anew; mcpkc allow <resource> --preset <product> --remove forgets it.',
    sources: [SEEN],
  },
  find: (seen) =>
    lostClients(seen).map(({ entry, message, isDisabled }): Found => {
      const { clientId } = entry.client;
      const [product] = entry.products;
      if (isDisabled) {
        const fix = atKeycloak('Unless that was on purpose: in the admin console, Clients, switch it on.');
        return { subject: clientId, message, fix };
      }
      // A client of redirect URIs alone can't be made again without them.
      const fix =
        product === undefined
          ? fixByCommand(seen, ['allow', entry.resource, ['--client-id', typedList([clientId])], '--remove'])
          : fixByCommand(seen, [
              'allow',
              entry.resource,
              ['--preset', typedList([product])],
              ['--by', entry.way],
              '--yes',
            ]);
      return { subject: clientId, message, fix };
    }),
};

const breaksRealm: Rule = {
  code: 'DOCUMENT_POLICY_BREAKS_REALM',
  severity: 'error',
  needs: ['clientPolicies', 'server'],
  explanation: {
    what: 'A client policy or profile for metadata documents is there, and the server runs without the feature cimd. With the policy every sign-in, token and registration of the realm is answered 500; with the profile alone every later edit of client profiles is refused.',
    cause: 'The server was started again without the feature while they were still there.',
    fix: 'Start it with the feature once more, remove the policy, then the profile (Realm settings, Client policies), then start it without.',
    sources: [SEEN],
  },
  find(seen) {
    const { features } = requireShown(seen.parts.server);
    if (features === undefined || features.includes('cimd')) return [];
    const { profiles } = requireShown(seen.parts.clientPolicies);
    const names = [
      ...documentPolicies(seen).map(({ policy }) => `policy '${policy.name}'`),
      ...profiles.filter((one) => executorsOf(one).length > 0).map(({ name }) => `profile '${name}'`),
    ];
    return names.map((subject) => ({
      subject,
      message: `The ${subject} is for metadata documents, and the server runs without the feature cimd.`,
      fix: atKeycloak(
        'Start it with --features=cimd, remove the policy, then the profile (Realm settings, Client policies), then start it without.',
      ),
    }));
  },
};

const clash: Rule = {
  code: 'DOCUMENT_POLICIES_CLASH',
  severity: 'error',
  needs: ['clientPolicies'],
  explanation: {
    what: 'Two client policies fetch documents of the same host. Keycloak runs both: each must accept every host in the document, and the stricter one decides.',
    cause: 'One policy was made for each product; Keycloak wants one profile for all.',
    fix: 'Put all hosts into one policy and one profile, and remove the other.',
    sources: [SEEN],
  },
  find(seen) {
    const policies = documentPolicies(seen);
    return policies.flatMap(({ policy, hosts }, index): Found[] => {
      const other = policies
        .slice(index + 1)
        .find(
          (one) =>
            one.hosts.some((host) => isHostCovered(hosts, host)) ||
            hosts.some((host) => isHostCovered(one.hosts, host)),
        );
      if (other === undefined) return [];
      const message = `The client policies '${policy.name}' and '${other.policy.name}' both fetch documents of one host: both must accept it.`;
      const fix = atKeycloak(
        'Realm settings, Client policies: put their hosts into one, and remove the other.',
      );
      return [{ subject: policy.name, message, fix }];
    });
  },
};

const inVain: Rule = {
  code: 'DOCUMENT_POLICY_IN_VAIN',
  severity: 'warning',
  needs: ['clientPolicies', 'server', 'ids'],
  explanation: {
    what: 'A client policy for metadata documents does nothing, less than it seems, or refuses what mcpkc allow made: it takes documents of a host that its executor doesn’t permit, runs no executor for documents, lists no host, or its profile has settings that this server stores and ignores.',
    cause:
      'The profile was deleted or never named; an empty list means nobody; settings of a newer release were copied (26.8 has two that 26.7 ignores).',
    fix: 'Name a profile with the executor client-id-metadata-document, list the hosts, and take out what this server doesn’t know.',
    sources: [MCP_GUIDE, SEEN],
  },
  find(seen) {
    const { documentSettings } = requireShown(seen.parts.server);
    const lists = requireShown(seen.parts.clientPolicies);
    const pinned = requireShown(seen.parts.ids).filter(isPinned);
    const refused = pinned.flatMap(({ clientId }): Found[] => {
      const policy = documentRefusedBy(lists, clientId);
      if (policy === undefined) return [];
      const message = `The client policy '${policy}' takes documents of ${clientId}, and its executor doesn’t permit that host: every sign-in of that client is refused.`;
      const fix = atKeycloak(
        `Realm settings, Client policies: permit the host in the profile of '${policy}', or take it out of the policy.`,
      );
      return [{ subject: policy, message, fix, severity: 'error' }];
    });
    const others = documentPolicies(seen).flatMap(({ policy, hosts, fetching }): Found[] => {
      const names = fetching.flatMap((one) => Object.keys(one));
      const unknown = names.filter(
        (name) => documentSettings !== undefined && !documentSettings.includes(name),
      );
      const problems = [
        fetching.length === 0 ? 'no profile of it fetches documents' : '',
        hosts.length === 0 ? 'its condition lists no host' : '',
        fetching.some((one) => toTexts(one[EXECUTOR_HOSTS]).length === 0)
          ? 'its executor permits no host'
          : '',
        unknown.length > 0 ? `this server ignores ${[...new Set(unknown)].join(', ')}` : '',
      ].filter((one) => one !== '');
      if (problems.length === 0) return [];
      const message = `The client policy '${policy.name}' is for metadata documents, and ${problems.join('; ')}.`;
      const fix = atKeycloak(
        `Realm settings, Client policies: correct '${policy.name}' and its profile, or remove both.`,
      );
      return [{ subject: policy.name, message, fix }];
    });
    return [...refused, ...others];
  },
};

const wide: Rule = {
  code: 'DOCUMENT_HOSTS_TOO_WIDE',
  severity: 'error',
  needs: ['clientPolicies'],
  explanation: {
    what: 'A client policy fetches documents from hosts where anybody can put one. Such a document makes a client past all registration policies, with the redirect URIs and grants that it lists, and with any scope of the realm that it names.',
    cause: 'The list of permitted domains has * or a domain that is shared by many.',
    fix: 'List the hosts of the products alone; or remove the policy and use mcpkc allow, which fetches nothing.',
    sources: [MCP_GUIDE, SEEN],
  },
  find: (seen) =>
    documentPolicies(seen).flatMap(({ policy, hosts, fetching }): Found[] => {
      const all = [...hosts, ...fetching.flatMap((one) => toTexts(one[EXECUTOR_HOSTS]))];
      const bad = [...new Set(all.filter(isTooWide))];
      if (bad.length === 0) return [];
      const message = `The client policy '${policy.name}' takes documents from ${bad.join(', ')}, where anybody can put one.`;
      const fix = atKeycloak(
        `Realm settings, Client policies, '${policy.name}': list the products’ hosts alone.`,
      );
      return [{ subject: policy.name, message, fix }];
    }),
};

const fetchedExceeds: Rule = {
  code: 'FETCHED_CLIENT_EXCEEDS',
  severity: 'error',
  needs: ['ids', 'scopes', 'clientPolicies', 'record'],
  explanation: {
    what: 'A client that Keycloak made from a metadata document can do more than a connector: its document names the hidden audience scope of an MCP server, or demands grants beside the authorization code.',
    cause: 'A document may name any scope of the realm and any grant, and its policy lets it.',
    fix: 'Take its host out of the client policy that fetches it, then delete the client. Detaching a scope doesn’t last: the next fetch brings it back.',
    sources: [SEEN],
  },
  find(seen) {
    const hidden = realmOf(seen)
      .scopes.filter((one) => nameScopeOf(one) !== undefined)
      .map(({ name }) => name);
    const all = requireShown(seen.parts.ids).concat(listed(seen));
    const fetched = all.filter(
      (one, index) => judgeOrigin(one).kind === 'cimd' && all.findIndex(({ id }) => id === one.id) === index,
    );
    return fetched.flatMap((client): Found[] => {
      const preset = documented(seen).find((one) => isCimdOf(one, client.clientId));
      const named = client.optionalClientScopes.filter((name) => hidden.includes(name));
      const grants = excessGrants(client, preset?.cimdGrantTypes ?? preset?.registration.grant_types);
      const problems = [
        ...named.map((name) => `holds the hidden scope ${name}, which its document names`),
        ...grants.map((grant) => `may use ${grant}`),
      ];
      if (problems.length === 0) return [];
      const by = fetchedBy(seen, client.clientId)?.policy.name;
      const message = `The client ${client.clientId}, made from its document, ${problems.join('; ')}.`;
      const policy = by === undefined ? 'the client policy that fetches it' : `the client policy '${by}'`;
      return [
        {
          subject: client.clientId,
          message,
          fix: atKeycloak(
            `Realm settings, Client policies: take its host out of ${policy}, then delete the client.`,
          ),
        },
      ];
    });
  },
};

function listed(seen: Seen): Client[] {
  const { clients } = seen.parts;
  return clients.visible ? (clients.value?.clients ?? []) : [];
}

/** Ways to connect without registering. */
export const documents: RuleGroup = {
  title: 'Clients that don’t register',
  applies: (seen) => {
    const { record, clientPolicies } = seen.parts;
    const some = record.visible && allowedIn(record.value).length > 0;
    return (
      some || isDocumentAdvertised(seen) || (clientPolicies.visible && documentPolicies(seen).length > 0)
    );
  },
  rules: [breaksRealm, documentTaken, notAllowed, wide, clash, fetchedExceeds, inVain, differs, allowedLost],
};
