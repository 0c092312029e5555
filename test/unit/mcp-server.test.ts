import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/realm/access.ts';
import { completeServer, mcpServerIn, scopeNames } from '../../src/realm/mcp-server.ts';
import { type Entry, NO_RECORD, type RealmRecord } from '../../src/realm/record.ts';
import type { RealmSnapshot } from '../../src/realm/snapshot.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const NAME = 'mcp-resource-svc';
const HIDDEN = 'mcp-audience-svc-1';

const scope = (name: string, attributes: Record<string, string>) => ({
  id: name,
  name,
  description: '',
  protocol: 'openid-connect',
  attributes,
  mappers: [],
});
const role = (name: string): Role => ({ id: name, name, client: null, composite: false });

/** A realm with one adopted server, and what was read of it. */
function realm(read: Pick<RealmSnapshot, 'access' | 'record'> = {}): RealmSnapshot {
  return {
    realm: 'tools',
    scopes: [
      scope(NAME, { 'mcpkc.mode': 'adopted', 'mcpkc.resource': RESOURCE }),
      scope(HIDDEN, { 'mcpkc.audience-of': NAME }),
    ],
    defaultScopes: [],
    optionalScopes: [NAME],
    registrationPolicies: [],
    clientPolicies: [],
    clientProfiles: [],
    clients: [],
    ...read,
  };
}

const serverIn = (snapshot: RealmSnapshot) =>
  mcpServerIn(snapshot, { resource: RESOURCE, configured: { resource: undefined, scopeName: '' } });

describe('an MCP server in a realm', () => {
  it('has scopes, mode and list', () => {
    expect(serverIn(realm())).toMatchObject({
      resource: RESOURCE,
      scope: NAME,
      carrier: HIDDEN,
      carriers: [HIDDEN],
      mode: 'adopted',
      list: 'optional',
    });
    expect(scopeNames(serverIn(realm()))).toEqual([NAME, HIDDEN]);
  });

  it.each<[string, Role[], Role[], string[] | undefined]>([
    ['nobody mapped a role', [], [], undefined],
    ['the scope that carries the audience maps a role', [], [role('a')], ['a']],
    ['both do, with the role that nobody has', [role('a')], [role('a'), role('mcpkc-nobody')], ['a']],
    ['the name alone does: everybody gets the audience', [role('a')], [], undefined],
    ['only the role that nobody has is left', [], [role('mcpkc-nobody')], []],
  ])('roles: %s', (_what, onName, onHidden, gates) => {
    const { roles } = serverIn(
      realm({
        access: [
          { scope: NAME, roles: onName },
          { scope: HIDDEN, roles: onHidden },
        ],
      }),
    );
    expect(roles?.gates?.map(({ name }) => name)).toEqual(gates);
    expect(roles?.mapped.length).toBe(new Set([...onName, ...onHidden].map(({ name }) => name)).size);
  });

  it('has no roles where one of its scopes was not read: unknown is not open', () => {
    expect(serverIn(realm()).roles).toBeUndefined();
    expect(serverIn(realm({ access: [{ scope: NAME, roles: [] }] })).roles).toBeUndefined();
  });

  it('has the ways of its products as the record has them, and of no other resource', () => {
    const entries = [
      { kind: 'wanted', resource: RESOURCE, products: ['chatgpt'], since: '' },
      { kind: 'wanted', resource: 'https://other.example.com/mcp', products: ['claude'], since: '' },
    ] as Entry[];
    const record = { ...NO_RECORD, entries } as RealmRecord;
    expect(serverIn(realm()).ways).toBeUndefined();
    expect(serverIn(realm({ record })).ways).toEqual({ registration: ['chatgpt'], made: [] });
    // Read after its scopes were known, as most commands do.
    const snapshot = realm();
    const early = serverIn(snapshot);
    snapshot.record = record;
    expect(completeServer(early, snapshot).ways?.registration).toEqual(['chatgpt']);
  });
});
