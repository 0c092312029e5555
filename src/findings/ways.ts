import { registration } from '../products/dynamic.ts';
import type { Preset } from '../products/preset.ts';
import { allowancesOf, allowedIn } from '../realm/record.ts';
import { hostsOf } from '../realm/registration-policies.ts';
import { type Client, type ClientPolicy, type ClientProfile, POLICY } from '../realm/representations.ts';
import type { Finding } from './finding.ts';
import { listServers, type Seen, shown } from './seen.ts';
import { told } from './server.ts';

/** Keycloak’s own condition and executor for metadata documents (feature cimd, 26.6 to 26.8). */
const CONDITION = 'client-id-uri';
const EXECUTOR = 'client-id-metadata-document';
/** Their lists of hosts. */
const CONDITION_HOSTS = 'client-id-uri-allow-permitted-domains';
export const EXECUTOR_HOSTS = 'cimd-allow-permitted-domains';

/** A policy of Keycloak's own for documents, with its profiles. */
export interface DocumentPolicy {
  policy: ClientPolicy;
  /** Hosts of its condition. */
  hosts: string[];
  /** Configurations of the executor in its profiles. */
  fetching: Record<string, unknown>[];
}

/** A list of a policy's configuration. */
export const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);

/** The configurations of the executor for documents in a profile. */
export function executorsOf(profile: ClientProfile | undefined): Record<string, unknown>[] {
  return (profile?.executors ?? [])
    .filter(({ executor }) => executor === EXECUTOR)
    .map(({ configuration }) => configuration ?? {});
}

/** The enabled policies by which Keycloak fetches documents. */
export function documentPolicies(seen: Seen): DocumentPolicy[] {
  return documentPoliciesOf(shown(seen.parts.clientPolicies));
}

function documentPoliciesOf({ policies, profiles }: PolicyLists): DocumentPolicy[] {
  return policies
    .filter(({ enabled }) => enabled !== false)
    .flatMap((policy): DocumentPolicy[] => {
      const conditions = (policy.conditions ?? []).filter(({ condition }) => condition === CONDITION);
      if (conditions.length === 0) return [];
      const hosts = conditions.flatMap(({ configuration }) => texts(configuration?.[CONDITION_HOSTS]));
      const named = (policy.profiles ?? []).map((name) => profiles.find((one) => one.name === name));
      return [{ policy, hosts, fetching: named.flatMap(executorsOf) }];
    });
}

/** Whether a list of hosts has one, by name or by `*.` before a domain. */
export function covers(hosts: readonly string[], host: string): boolean {
  return hosts.some((one) => one === host || (one.startsWith('*.') && host.endsWith(one.slice(1))));
}

/** A realm's client policies and profiles. */
interface PolicyLists {
  policies: readonly ClientPolicy[];
  profiles: readonly ClientProfile[];
}

/**
 * Name of a policy that refuses every sign-in of a document's client, also of one that is never fetched: it takes
 * documents of that host, and its executor doesn't permit the host (an error page, 26.7.4).
 */
export function refusedBy(lists: PolicyLists, url: string): string | undefined {
  const host = URL.parse(url)?.hostname ?? '';
  const refuses = (one: Record<string, unknown>) => !covers(texts(one[EXECUTOR_HOSTS]), host);
  return documentPoliciesOf(lists).find(
    ({ hosts, fetching }) => covers(hosts, host) && fetching.some(refuses),
  )?.policy.name;
}

/** The policy by which Keycloak fetches the document at this URL; undefined where none does. */
export function fetchedBy(seen: Seen, url: string): DocumentPolicy | undefined {
  const host = URL.parse(url)?.hostname;
  return documentPolicies(seen).find(
    ({ hosts, fetching }) => host !== undefined && fetching.length > 0 && covers(hosts, host),
  );
}

/** How a product that has a document is known in this realm; undefined where it has none. */
export type DocumentState =
  /** mcpkc made its client. */
  | { kind: 'pinned'; client: Client }
  /** Keycloak fetches it, by a policy that others made. */
  | { kind: 'fetched'; client: Client | undefined; policy: string }
  /** Somebody made a client of that id. */
  | { kind: 'taken'; client: Client }
  | { kind: 'unknown' };

/** How this realm knows the document of a product. Needs record, ids and client policies. */
export function documentState(seen: Seen, { cimdUrl }: Preset): DocumentState | undefined {
  if (cimdUrl === undefined) return undefined;
  const client = shown(seen.parts.ids).find(({ clientId }) => clientId === cimdUrl);
  if (client && allowancesOf(shown(seen.parts.record), client).length > 0) return { kind: 'pinned', client };
  const by = fetchedBy(seen, cimdUrl);
  const isFetched = client === undefined || registration(client).kind === 'cimd';
  if (by && isFetched) return { kind: 'fetched', client, policy: by.policy.name };
  return client ? { kind: 'taken', client } : { kind: 'unknown' };
}

/** Whether this issuer tells products that it takes documents. */
export const isAdvertised = (seen: Seen): boolean => told(seen)?.cimd === true;

/** How a product connects to the MCP server in question. */
export interface ProductWay {
  product: string;
  way: 'document-pinned' | 'document-fetched' | 'client' | 'registration' | 'none';
  /** The client that it uses; null where it makes its own. */
  clientId: string | null;
  /** Why not, or by whose policy; null where there is nothing to add. */
  reason: string | null;
}

/** The way of a product that doesn't register; undefined where it registers, or nothing lets it in. */
export function unregisteredWay(seen: Seen, preset: Preset): ProductWay | undefined {
  const { record, ids, clientPolicies, scopes } = seen.parts;
  if (!record.visible || !scopes.visible) return undefined;
  const product = preset.name;
  const isKnown = ids.visible && clientPolicies.visible && isAdvertised(seen);
  const state = isKnown ? documentState(seen, preset) : undefined;
  const refusing =
    state?.kind === 'pinned' && clientPolicies.visible
      ? refusedBy(clientPolicies.value, state.client.clientId)
      : undefined;
  if (state?.kind === 'pinned' && refusing !== undefined) {
    const reason = `DOCUMENT_POLICY_IN_VAIN: the client policy '${refusing}' refuses it`;
    return { product, way: 'none', clientId: state.client.clientId, reason };
  }
  if (state?.kind === 'pinned') {
    return { product, way: 'document-pinned', clientId: state.client.clientId, reason: null };
  }
  if (state?.kind === 'fetched') {
    const reason = `fetched by the client policy '${state.policy}', which others made`;
    return { product, way: 'document-fetched', clientId: preset.cimdUrl ?? null, reason };
  }
  const resource = seen.resource ?? listServers(seen).find((one) => one.resource)?.resource;
  const made = allowedIn(record.value, resource).find(
    ({ way, products }) => way === 'client' && products.includes(product),
  );
  return made && { product, way: 'client', clientId: made.client.clientId, reason: null };
}

/** The products in question that have to register: the others have a client. */
export function registering(seen: Seen): Preset[] {
  return seen.presets.filter((preset) => unregisteredWay(seen, preset) === undefined);
}

/**
 * Whether nobody can register, and nobody in question has to: what would make registration safer has nothing to do then.
 * A Trusted Hosts policy that lists no host refuses every anonymous registration (26.4.0 to 26.7.4).
 */
export function isRegistrationShut(seen: Seen): boolean {
  const { registrationPolicies } = seen.parts;
  if (!registrationPolicies.visible || registering(seen).length > 0) return false;
  return registrationPolicies.value
    .filter(({ providerId, subType }) => providerId === POLICY.trustedHosts && subType === 'anonymous')
    .some((policy) => hostsOf(policy).hosts.length === 0);
}

/** Errors that stop a registration, by code. */
const STOPS_REGISTRATION: readonly string[] = [
  'TRUSTED_HOSTS_EMPTY',
  'TRUSTED_HOST_MISSING',
  'SENDER_MATCH_ON',
  'ALLOWED_SCOPES_BLOCKS_REGISTRATION',
  'MAX_CLIENTS_REACHED',
  'NEW_CLIENTS_DISABLED',
];

/** How each product in question connects, with the first reason where it doesn't. */
export function waysOf(seen: Seen, findings: readonly Finding[]): ProductWay[] {
  return seen.presets.map((preset): ProductWay => {
    const way = unregisteredWay(seen, preset);
    if (way) return way;
    const isOthers = ({ code, subject }: Finding) =>
      code === 'TRUSTED_HOST_MISSING' && subject !== preset.title;
    const none = findings.find(
      ({ code, subject }) => code === 'DOCUMENT_NOT_ALLOWED' && subject === preset.name,
    );
    const stop =
      none ??
      findings.find(
        (one) => one.severity === 'error' && STOPS_REGISTRATION.includes(one.code) && !isOthers(one),
      );
    const reason = stop ? `${stop.code}: ${stop.message}` : null;
    return { product: preset.name, way: stop ? 'none' : 'registration', clientId: null, reason };
  });
}
