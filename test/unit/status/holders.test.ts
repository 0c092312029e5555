import { describe, expect, it } from 'vitest';
import { holdersGroup } from '../../../src/findings/holders.ts';
import { judge } from '../../../src/findings/judge.ts';
import type { StatusSnapshot } from '../../../src/keycloak/read/status-parts.ts';
import { clientKeyOf, type Entry, type RealmRecord } from '../../../src/realm/record.ts';
import type { Client } from '../../../src/realm/representations.ts';
import { client, connector, RESOURCE, seen, visible } from './seen.ts';

const HOLDS = { defaultClientScopes: ['mcp-resource'] };
const named = (one: Client) => ({ client: { id: one.id, clientId: one.clientId }, key: clientKeyOf(one) });
const adopted = (one: Client): Entry => ({
  kind: 'adopted',
  ...named(one),
  resource: RESOURCE,
  scope: 'mcp-resource',
  since: '2026-11-27T10:00:00Z',
  by: 'ann on laptop',
});
const record = (...entries: Entry[]) => visible<RealmRecord>({ state: 'proved', entries });
const listed = (...all: Client[]): Partial<StatusSnapshot> => ({
  clients: visible({ clients: all, sessions: visible(new Map()) }),
});
const codes = (changes: Partial<StatusSnapshot>) =>
  judge([holdersGroup], seen(changes)).findings.map(({ code }) => code);

describe('who holds an audience', () => {
  it.each<[string, Partial<Client>]>([
    ['client credentials', { serviceAccountsEnabled: true }],
    ['the password grant', { directAccessGrantsEnabled: true }],
    ['the implicit flow', { implicitFlowEnabled: true }],
    ['the device grant', { attributes: { 'oauth2.device.authorization.grant.enabled': 'true' } }],
    ['a wildcard', { redirectUris: ['https://chatgpt.com/*'] }],
  ])('and may use %s is an error, listed or remembered', (_what, fields) => {
    const one = connector('c', { ...HOLDS, ...fields });
    expect(codes(listed(one))).toEqual(['HOLDER_EXCEEDS']);
    expect(codes({ adopted: visible([one]), record: record(adopted(one)) })).toEqual(['HOLDER_EXCEEDS']);
    expect(codes(listed({ ...one, defaultClientScopes: [] }))).toEqual([]);
  });

  it('with a client id of its own choice is judged the same', () => {
    const one = connector('my-own-name', { id: 'x', ...HOLDS, directAccessGrantsEnabled: true });
    expect(codes(listed(one))).toEqual(['HOLDER_EXCEEDS']);
  });

  it('is a connector: nothing to say', () => {
    const pairwise = { name: 'p', protocolMapper: 'oidc-sha256-pairwise-sub-mapper', config: {} };
    expect(codes(listed(connector('c', { ...HOLDS, protocolMappers: [pairwise] })))).toEqual([]);
  });

  it('is not hidden by the mark of a probe, which a registrant writes', () => {
    const attributes = { tosUri: 'https://mcpkc.invalid/probe/00000000.1.zzzzzzzz.0' };
    const one = connector('c', { ...HOLDS, attributes, serviceAccountsEnabled: true });
    expect(codes(listed(one))).toEqual(['HOLDER_EXCEEDS']);
  });

  it('was made by an administrator: his to judge', () => {
    expect(codes(listed(client('app', { ...HOLDS, directAccessGrantsEnabled: true })))).toEqual([]);
  });
});

describe('what is remembered', () => {
  it('is said where a client is not what it was', () => {
    const one = connector('c', HOLDS);
    const now = { ...one, redirectUris: [...one.redirectUris, 'https://chatgpt.com/other'] };
    expect(codes({ adopted: visible([now]), record: record(adopted(one)) })).toEqual(['ADOPTED_CHANGED']);
    expect(codes({ adopted: visible([one]), record: record(adopted(one)) })).toEqual([]);
  });

  it('of --keep is said where all were listed', () => {
    const one = connector('c');
    const kept: Entry = { kind: 'kept', ...named(one), since: '2026-11-27T10:00:00Z', by: 'ann' };
    const now = { ...one, name: 'Another' };
    expect(codes({ ...listed(now), record: record(kept) })).toEqual(['KEPT_CHANGED']);
    expect(codes({ ...listed(one), record: record(kept) })).toEqual([]);
  });

  it('is never an attribute of a client', () => {
    const one = connector('c', { attributes: { 'mcpkc.adopted': 'mcp-resource', 'mcpkc.keep': 'true' } });
    expect(codes(listed(one))).toEqual(['MARKS_ON_CLIENTS']);
    expect(codes(listed(client('mcpkc-record', { attributes: { 'mcpkc.proof': 'x' } })))).toEqual([]);
  });

  it('is lost where the role proves no client', () => {
    expect(codes({ record: visible<RealmRecord>({ state: 'lost', entries: [] }) })).toEqual(['RECORD_LOST']);
  });
});
