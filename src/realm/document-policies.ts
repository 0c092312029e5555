/** Client policies of Keycloak's own feature cimd, by which it fetches metadata documents (26.6 to 26.8). */
import type { ClientPolicy, ClientProfile } from './representations.ts';

/** Its condition and its executor. */
const CONDITION = 'client-id-uri';
const EXECUTOR = 'client-id-metadata-document';
/** Their lists of hosts. */
const CONDITION_HOSTS = 'client-id-uri-allow-permitted-domains';
export const EXECUTOR_HOSTS = 'cimd-allow-permitted-domains';

/** A realm's client policies and profiles. */
export interface PolicyLists {
  policies: readonly ClientPolicy[];
  profiles: readonly ClientProfile[];
}

/** A policy for documents, with its profiles. */
export interface DocumentPolicy {
  policy: ClientPolicy;
  /** Hosts of its condition. */
  hosts: string[];
  /** Configurations of the executor in its profiles. */
  fetching: Record<string, unknown>[];
}

/** A list of a policy's configuration. */
export const toTexts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);

/** The configurations of the executor for documents in a profile. */
export function executorsOf(profile: ClientProfile | undefined): Record<string, unknown>[] {
  return (profile?.executors ?? [])
    .filter(({ executor }) => executor === EXECUTOR)
    .map(({ configuration }) => configuration ?? {});
}

/** The enabled policies by which Keycloak fetches documents. */
export function documentPoliciesOf({ policies, profiles }: PolicyLists): DocumentPolicy[] {
  return policies
    .filter(({ enabled }) => enabled !== false)
    .flatMap((policy): DocumentPolicy[] => {
      const conditions = (policy.conditions ?? []).filter(({ condition }) => condition === CONDITION);
      if (conditions.length === 0) return [];
      const hosts = conditions.flatMap(({ configuration }) => toTexts(configuration?.[CONDITION_HOSTS]));
      const named = (policy.profiles ?? []).map((name) => profiles.find((one) => one.name === name));
      return [{ policy, hosts, fetching: named.flatMap(executorsOf) }];
    });
}

/** Whether a list of hosts has one, by name or by `*.` before a domain. */
export function isHostCovered(hosts: readonly string[], host: string): boolean {
  return hosts.some((one) => one === host || (one.startsWith('*.') && host.endsWith(one.slice(1))));
}

/**
 * Name of a policy that refuses every sign-in of a document's client, also of one that is never fetched. It takes
 * documents of that host, and its executor doesn't permit the host (an error page, 26.7.4).
 */
export function documentRefusedBy(lists: PolicyLists, url: string): string | undefined {
  const host = URL.parse(url)?.hostname ?? '';
  const refuses = (one: Record<string, unknown>) => !isHostCovered(toTexts(one[EXECUTOR_HOSTS]), host);
  return documentPoliciesOf(lists).find(
    ({ hosts, fetching }) => isHostCovered(hosts, host) && fetching.some(refuses),
  )?.policy.name;
}

/** The policy by which Keycloak fetches the document at this URL; undefined where none does. */
export function documentFetchedBy(lists: PolicyLists, url: string): DocumentPolicy | undefined {
  const host = URL.parse(url)?.hostname;
  return documentPoliciesOf(lists).find(
    ({ hosts, fetching }) => host !== undefined && fetching.length > 0 && isHostCovered(hosts, host),
  );
}
