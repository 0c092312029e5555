import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Desired } from '../../../src/plan/desired.ts';
import { type Hardening, NOT_HARDENED } from '../../../src/plan/hardening.ts';
import { planFor } from '../../../src/plan/kinds/index.ts';
import { assignAudience, provision } from '../../../src/plan/provisioned.ts';
import { withoutServer } from '../../../src/plan/retired.ts';
import { PRESETS } from '../../../src/products/index.ts';
import { mcpServerIn } from '../../../src/realm/mcp-server.ts';
import { NO_RECORD } from '../../../src/realm/record.ts';
import type { RealmSnapshot } from '../../../src/realm/snapshot.ts';
import { applied } from './model.ts';

/** Names as people choose them, and as nobody should. */
const NAMES = ['foreign', 'mcp-resource-x', 'a b', '__proto__', 'constructor', 'ünï', '\u001b[31m', '\u202e'];
const HOSTS = ['a.example', '*.b.example', 'chatgpt.com', '[::1]', 'svc.example.com', '10.0.0.1'];
const name = fc.constantFrom(...NAMES);
const host = fc.constantFrom(...HOSTS);
const set = <T>(one: fc.Arbitrary<T>, most = 4) => fc.uniqueArray(one, { maxLength: most });
const bits = fc.constantFrom('true', 'false');
const SCOPE = 'mcp-resource-svc';
const HIDDEN_SCOPE = 'mcp-audience-svc-0123456789abcdef';
const RESOURCE = 'https://svc.example.com/mcp';

const hostPolicy = fc
  .record({ hosts: set(host), sender: bits, uris: bits })
  .map(({ hosts, sender, uris }) => ({
    id: 'hosts',
    name: 'Trusted Hosts',
    providerId: 'trusted-hosts',
    subType: 'anonymous',
    config: {
      'trusted-hosts': hosts,
      'host-sending-registration-request-must-match': [sender],
      'client-uris-must-match': [uris],
      foreign: ['kept'],
    },
  }));

const scopePolicy = fc.record({ scopes: set(name), defaults: bits }).map(({ scopes, defaults }) => ({
  id: 'scopes',
  name: 'Allowed Client Scopes',
  providerId: 'allowed-client-templates',
  subType: 'anonymous',
  config: { 'allowed-client-scopes': scopes, 'allow-default-scopes': [defaults] },
}));

const clients = set(name, 3).chain((ids) =>
  fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.constantFrom('default', 'optional', 'none')))),
);

/** Realms as somebody may have left them; half of them know the resource already, in whatever state. */
const realm: fc.Arbitrary<RealmSnapshot> = fc
  .record({
    foreign: set(name),
    known: fc.constantFrom('none', 'bare', 'other-audience', 'whole'),
    list: fc.constantFrom('default', 'optional', 'none'),
    policies: fc.option(hostPolicy, { nil: undefined }),
    allowed: scopePolicy,
    clients,
  })
  .map(({ foreign, known, list, policies, allowed, clients: held }) => {
    const mapper = (audience: string) => ({
      id: 'm',
      name: 'mcp-audience',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': audience, 'access.token.claim': 'true', foreign: 'kept' },
    });
    const mappers = known === 'whole' ? [mapper(RESOURCE)] : known === 'bare' ? [] : [mapper(`${RESOURCE}/`)];
    const scope = (one: string, its: ReturnType<typeof mapper>[]) => ({
      id: one,
      name: one,
      protocol: 'openid-connect',
      description: '',
      attributes: { foreign: 'kept' } as Record<string, string>,
      mappers: its,
    });
    const there = known === 'none' ? [] : [scope(SCOPE, mappers)];
    return {
      realm: 'demo',
      scopes: [...foreign.map((one) => scope(one, [])), ...there],
      defaultScopes: there.length > 0 && list === 'default' ? [SCOPE] : [],
      optionalScopes: there.length > 0 && list === 'optional' ? [SCOPE] : [],
      registrationPolicies: [...(policies ? [policies] : []), allowed],
      clientPolicies: [{ name: 'foreign', enabled: true, conditions: [], profiles: ['foreign'] }],
      clientProfiles: [{ name: 'foreign', executors: [] }],
      clients: held.map(([clientId, as]) => ({
        id: clientId,
        clientId,
        redirectUris: [],
        attributes: { foreign: 'kept' },
        defaultClientScopes: there.length > 0 && as === 'default' ? [SCOPE] : [],
        optionalClientScopes: there.length > 0 && as === 'optional' ? [SCOPE] : [],
      })),
    };
  });

/** A hardening as `create-scope` makes it on a server that can this. */
const hardening = (redirects: 'patterns' | 'no-wildcards'): Hardening => ({
  desired: {
    mapperTypes: { only: ['oidc-sha256-pairwise-sub-mapper'] },
    registrations: {
      redirects,
      add: ['https://chatgpt\\.com/cb'],
      remove: [],
      closed: ['chatgpt.com', 'svc.example.com'],
    },
    userless: { add: [SCOPE], remove: [] },
    formerPolicies: 'all',
  },
  clients: [],
  trustsServer: redirects === 'patterns',
  leftOut: [],
});

/** Everything that create-scope may wish for in such a realm. */
const wish = (snapshot: RealmSnapshot) =>
  fc
    .record({
      mode: fc.constantFrom('standing' as const, 'adopted' as const),
      list: fc.constantFrom('default' as const, 'optional' as const, 'none' as const),
      presets: set(fc.constantFrom(...PRESETS), 3),
      hardening: fc.constantFrom(NOT_HARDENED, hardening('patterns'), hardening('no-wildcards')),
      holders: set(fc.constantFrom(...snapshot.clients, undefined), 3),
    })
    .map(({ holders, mode, list, ...rest }) => {
      const audienceScope = mode === 'adopted' ? HIDDEN_SCOPE : undefined;
      const assignments = holders
        .filter((one) => one !== undefined)
        .map((client) => assignAudience(client, audienceScope ?? SCOPE, 'because it was named'));
      const server = mcpServerIn(snapshot, {
        resource: RESOURCE,
        scope: SCOPE,
        configured: { resource: undefined, scopeName: '' },
      });
      return provision({ ...server, audienceScope, mode, list }, { ...rest, assignments, clients: [] });
    });

const both = realm.chain((snapshot) => fc.tuple(fc.constant(snapshot), wish(snapshot)));

/** What of a realm mcpkc has nothing to do with. */
function foreignOf({
  scopes,
  registrationPolicies,
  clientPolicies,
  clientProfiles,
  clients: all,
}: RealmSnapshot) {
  const isForeign = ({ name: one }: { name: string }) =>
    one !== SCOPE && one !== HIDDEN_SCOPE && !one.startsWith('mcpkc-');
  return {
    scopes: scopes.filter(isForeign),
    clientPolicies: clientPolicies.filter(isForeign),
    clientProfiles: clientProfiles.filter(isForeign),
    config: registrationPolicies.map(({ config }) => config.foreign),
    hosts: registrationPolicies
      .flatMap(({ config }) => config['trusted-hosts'] ?? [])
      .filter(foreignHost)
      .sort(),
    clients: all.map(({ clientId, attributes }) => [clientId, attributes.foreign]),
  };
}

const foreignHost = (one: string) =>
  !['svc.example.com', ...PRESETS.flatMap(({ trustedHosts }) => trustedHosts)].includes(one);

describe('a plan', () => {
  it('applied once leaves nothing to do', () => {
    fc.assert(
      fc.property(both, ([snapshot, desired]) => {
        const after = applied(snapshot, planFor(desired, snapshot));
        expect(planFor(desired, after)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('applied twice is as applied once', () => {
    fc.assert(
      fc.property(both, ([snapshot, desired]) => {
        const plan = planFor(desired, snapshot);
        const once = applied(snapshot, plan);
        const again = planFor(desired, once);
        expect(applied(once, again)).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves alone what is not mcpkc’s', () => {
    fc.assert(
      fc.property(both, ([snapshot, desired]) => {
        const after = applied(snapshot, planFor(desired, snapshot));
        const [before, now] = [foreignOf(snapshot), foreignOf(after)];
        expect({ ...now, config: now.config.slice(0, before.config.length) }).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});

describe('taking back what was added', () => {
  it('restores the hosts', () => {
    const added = set(fc.constantFrom('new-1.example', 'new-2.example', '*.new-3.example'));
    fc.assert(
      fc.property(realm, added, (snapshot, hosts) => {
        const give: Desired = { trustedHosts: { add: hosts, remove: [], createMissing: false } };
        const take: Desired = { trustedHosts: { add: [], remove: hosts, createMissing: false } };
        const after = applied(snapshot, planFor(give, snapshot));
        const back = applied(after, planFor(take, after));
        const sorted = ({ registrationPolicies }: RealmSnapshot) =>
          registrationPolicies.map(({ config }) => [...(config['trusted-hosts'] ?? [])].sort());
        expect(sorted(back)).toEqual(sorted(snapshot));
      }),
    );
  });

  it('restores scopes, lists, policies and clients when a resource is retired', () => {
    const unknown = realm.filter(({ scopes }) => !scopes.some((one) => one.name === SCOPE));
    const cases = unknown.chain((snapshot) => fc.tuple(fc.constant(snapshot), wish(snapshot)));
    fc.assert(
      fc.property(cases, ([snapshot, desired]) => {
        const whole = applied(snapshot, planFor(desired, snapshot));
        const gone = withoutServer(
          { scope: SCOPE, resource: RESOURCE, products: [], record: NO_RECORD, clients: [] },
          whole,
        );
        const back = applied(whole, planFor(gone, whole));
        const { scopes, defaultScopes, optionalScopes, clientPolicies, clientProfiles } = snapshot;
        expect(back).toMatchObject({ scopes, defaultScopes, optionalScopes, clientPolicies, clientProfiles });
        expect(back.clients).toEqual(snapshot.clients);
      }),
      { numRuns: 300 },
    );
  });
});
