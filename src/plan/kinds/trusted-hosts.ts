import { writeTrustedHosts } from '../../keycloak/write/write-policies.ts';
import { type HostsOfPolicy, hostsOf } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../../realm/snapshot.ts';
import type { DesiredHosts } from '../desired.ts';
import type { Change } from '../plan.ts';
import { distinct } from './join.ts';
import type { Kind } from './kind.ts';

/** Hosts to remove are compared as names are: without regard to case. */
function has(hosts: readonly string[], host: string): boolean {
  return hosts.some((one) => one.toLowerCase() === host.toLowerCase());
}

const CLOSED: HostsOfPolicy = { hosts: [], senderMatch: true, clientUrisMatch: true };

function wantedHosts(before: HostsOfPolicy, wanted: DesiredHosts): HostsOfPolicy {
  if (wanted.close) return CLOSED;
  const kept = before.hosts.filter((host) => !has(wanted.remove, host));
  // Keycloak compares letter by letter: `ChatGPT.com` in the list doesn't trust chatgpt.com (26.7.3).
  const added = wanted.add.filter(
    (host, index) => !kept.includes(host) && wanted.add.indexOf(host) === index,
  );
  return {
    hosts: [...kept, ...added],
    senderMatch: wanted.matchFlags?.sender ?? before.senderMatch,
    clientUrisMatch: wanted.matchFlags?.clientUris ?? before.clientUrisMatch,
  };
}

const WHY = 'so that the product’s registration is accepted, and nobody else’s';
const WHY_CLOSED = 'so that every registration is refused';

function create(wanted: DesiredHosts): Change<'trusted-hosts'>[] {
  if (wanted.close) {
    const change = { before: null, after: { ...CLOSED }, why: WHY_CLOSED };
    return [{ kind: 'trusted-hosts', action: 'create', key: 'Trusted Hosts', ...change }];
  }
  if (!wanted.createMissing || wanted.add.length === 0) return [];
  const flags = wanted.matchFlags ?? { sender: false, clientUris: true };
  const after = {
    hosts: [...new Set(wanted.add)],
    senderMatch: flags.sender,
    clientUrisMatch: flags.clientUris,
  };
  return [{ kind: 'trusted-hosts', action: 'create', key: 'Trusted Hosts', before: null, after, why: WHY }];
}

/** Policies as they were before mcpkc; one that mcpkc made is removed. */
function restored(
  restore: Readonly<Record<string, HostsOfPolicy | null>>,
  snapshot: RealmSnapshot,
): Change<'trusted-hosts'>[] {
  return anonymousPolicies(snapshot, POLICY.trustedHosts).flatMap((policy): Change<'trusted-hosts'>[] => {
    const before = hostsOf(policy);
    const after = restore[policy.name];
    if (after === undefined || JSON.stringify(before) === JSON.stringify(after)) return [];
    const change = { kind: 'trusted-hosts', key: policy.name, before: { ...before } } as const;
    if (after === null) {
      return [
        {
          ...change,
          action: 'delete',
          after,
          why: 'since mcpkc made it: anybody may register again, as before',
        },
      ];
    }
    return [
      {
        ...change,
        action: 'update',
        after: { ...after },
        why: 'since nothing needs these any more that mcpkc put there',
      },
    ];
  });
}

/** The hosts whose clients may register without a token; every such policy of the realm is kept alike. */
export const trustedHosts: Kind<'trusted-hosts', HostsOfPolicy, 'trustedHosts'> = {
  title: 'policy',
  isRemembered: true,
  isThere: (key, snapshot) =>
    anonymousPolicies(snapshot, POLICY.trustedHosts).some(({ name }) => name === key),
  isRealmList: true,
  joins: {
    trustedHosts: (parts) => {
      const hosts = parts.flatMap((one) => ('add' in one ? [one] : []));
      const [first] = hosts;
      const [add, remove] = [distinct(hosts.map((one) => one.add)), distinct(hosts.map((one) => one.remove))];
      return first && { ...first, add, remove };
    },
  },
  diff: ({ trustedHosts: wanted }, snapshot) => {
    if (!wanted) return [];
    if ('restore' in wanted) return restored(wanted.restore, snapshot);
    const policies = anonymousPolicies(snapshot, POLICY.trustedHosts);
    if (policies.length === 0) return create(wanted);
    return policies.flatMap((policy): Change<'trusted-hosts'>[] => {
      const before = hostsOf(policy);
      const after = wantedHosts(before, wanted);
      if (JSON.stringify(before) === JSON.stringify(after)) return [];
      const why = wanted.close
        ? WHY_CLOSED
        : wanted.add.length > 0 || wanted.matchFlags
          ? WHY
          : 'so that these hosts may no longer register clients';
      return [
        {
          kind: 'trusted-hosts',
          action: 'update',
          key: policy.name,
          before: { ...before },
          after: { ...after },
          why,
        },
      ];
    });
  },
  write: (change, { keycloak }) => writeTrustedHosts(keycloak, change),
};
