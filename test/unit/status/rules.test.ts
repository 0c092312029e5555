import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../../src/findings/index.ts';
import { judge } from '../../../src/findings/judge.ts';
import { requireShown } from '../../../src/findings/seen.ts';
import type { StatusSnapshot } from '../../../src/keycloak/read/status-parts.ts';
import { claude } from '../../../src/products/claude.ts';
import { codex } from '../../../src/products/codex.ts';
import { geminiCli } from '../../../src/products/gemini-cli.ts';
import type { Preset } from '../../../src/products/preset.ts';
import { vscode } from '../../../src/products/vscode.ts';
import { HIDDEN, isAudienceScope } from '../../../src/realm/mcp-scope.ts';
import { registrationsPolicy } from '../../../src/realm/own-policies.ts';
import { hostExpression } from '../../../src/realm/redirect-patterns.ts';
import type { Client, ClientPolicy, ClientScope } from '../../../src/realm/representations.ts';
import { resourceClientEntry } from '../../../src/realm/resource-client.ts';
import {
  AUDIENCE_SCOPE,
  client,
  codes,
  connector,
  found,
  mapper,
  metadata,
  NOW,
  PROFILES,
  parts,
  REGISTRATIONS,
  RESOURCE,
  scope,
  seen,
  USERLESS,
  visible,
  withPolicy,
  withScopes,
} from './seen.ts';

const REPAIR = `mcpkc create-scope --resource ${RESOURCE}`;
const UUID = '0f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11';

it('finds nothing where everything is right', () => {
  expect(found()).toEqual([]);
});

describe('scopes', () => {
  it.each([
    [`${RESOURCE}/`, 'slash at the end'],
    ['http://svc.example.com/mcp', 'scheme'],
    ['https://svc.example.com/other', 'path'],
    ['https://svc.example.com/MCP', 'upper and lower case'],
  ])('says how the audience %s differs', (audience, words) => {
    const [first] = found(withScopes([{ ...AUDIENCE_SCOPE, mappers: [mapper(audience)] }]));
    expect(first).toMatchObject({ code: 'AUDIENCE_MISMATCH', fix: { kind: 'command', text: REPAIR } });
    expect(first?.message).toContain(words);
  });

  it('takes an audience that OIDC_AUDIENCE names for one that works, and leaves it alone', () => {
    const parts = withScopes([{ ...AUDIENCE_SCOPE, mappers: [mapper('svc')] }]);
    expect(found(parts, { otherAudiences: ['svc'] })).toMatchObject([
      { code: 'AUDIENCE_MISMATCH', severity: 'warning', fix: { kind: 'mcp-server' } },
    ]);
    expect(found(parts)).toMatchObject([{ severity: 'error' }]);
  });

  it('gives a server a scope of its own where the name carries another host’s audience', () => {
    const taken = scope('mcp-resource', { mappers: [mapper('https://other.example.com/mcp')] });
    const [first] = found(withScopes([taken]));
    expect(first).toMatchObject({
      code: 'AUDIENCE_MISMATCH',
      fix: { text: `${REPAIR} --scope mcp-resource-svc` },
    });
  });

  it('is content with one right mapper among several, in access tokens', () => {
    const mappers = [mapper('https://old.example.com/mcp'), { ...mapper(RESOURCE), name: 'another' }];
    expect(found(withScopes([{ ...AUDIENCE_SCOPE, mappers }]))).toEqual([]);
    const twice = [
      mapper(RESOURCE, { 'access.token.claim': 'false' }),
      { ...mapper(RESOURCE), name: 'another' },
    ];
    expect(found(withScopes([{ ...AUDIENCE_SCOPE, mappers: twice }]))).toEqual([]);
    const off = [mapper(RESOURCE, { 'access.token.claim': 'false' })];
    expect(codes(found(withScopes([{ ...AUDIENCE_SCOPE, mappers: off }])))).toEqual([
      'MAPPER_NOT_IN_ACCESS_TOKEN',
    ]);
  });

  it('takes a client audience for what it is: it wins over the custom one', () => {
    const mappers = [mapper(RESOURCE, { 'included.client.audience': 'some-client' })];
    expect(codes(found(withScopes([{ ...AUDIENCE_SCOPE, mappers }])))).toEqual(['AUDIENCE_MISMATCH']);
  });

  it('judges marked scopes and mcp-resource…, but not those of others', () => {
    const broken = { mappers: [mapper('https://a.example.com/mcp', { 'access.token.claim': 'false' })] };
    const all = [
      AUDIENCE_SCOPE,
      scope('mcp-resource-a', broken),
      scope('marked', { ...broken, attributes: { 'mcpkc.mode': 'standing' } }),
      scope('mcp-audience-a-1', { ...broken, attributes: { 'mcpkc.audience-of': 'mcp-resource-other' } }),
      scope('somebodys', broken),
      scope('mcp-resources', broken),
    ];
    const subjects = found(withScopes(all)).filter(({ code }) => code === 'MAPPER_NOT_IN_ACCESS_TOKEN');
    expect(subjects.map(({ subject }) => subject)).toEqual(['mcp-resource-a', 'marked']);
    expect(codes(found(withScopes(all), { only: true }))).toEqual([]);
  });

  it('says what only a person can say where nobody knows whose scope it is', () => {
    const all = [AUDIENCE_SCOPE, scope('mcp-resource-x')];
    const [first] = found(withScopes(all));
    expect(first).toMatchObject({
      code: 'AUDIENCE_MAPPER_MISSING',
      subject: 'mcp-resource-x',
      fix: { kind: 'mcp-server' },
    });
  });

  it('misses a standing scope in both lists', () => {
    expect(codes(found(withScopes([AUDIENCE_SCOPE], [])))).toContain('SCOPE_NOT_DEFAULT');
  });

  it('names the scopes that a product asks for and the realm lacks', () => {
    const scopes = visible({
      all: [AUDIENCE_SCOPE, scope('phone')],
      defaults: ['mcp-resource'],
      optionals: ['address'],
    });
    const [first] = found({ scopes });
    expect(first).toMatchObject({
      code: 'REQUESTED_SCOPE_MISSING',
      subject: 'ChatGPT',
      fix: { kind: 'keycloak' },
    });
    expect(first?.fix.text).toContain('create microprofile-jwt, organization; then');
    expect(first?.message).toContain('microprofile-jwt, organization, phone');
    expect(codes(found({ scopes }, { presets: [claude] }))).not.toContain('REQUESTED_SCOPE_MISSING');
  });
});

describe('mode adopted', () => {
  const ADOPT = 'mcpkc create-scope --resource';
  const marked = (mode: string, more: Record<string, string> = {}) => ({
    ...AUDIENCE_SCOPE,
    attributes: { ...AUDIENCE_SCOPE.attributes, 'mcpkc.mode': mode, ...more },
  });
  const named = { ...marked('adopted'), mappers: [] };
  const hidden = {
    ...AUDIENCE_SCOPE,
    id: 'hidden',
    name: 'mcp-audience-x',
    attributes: { 'mcpkc.audience-of': AUDIENCE_SCOPE.name, ...HIDDEN },
  };
  /** The name scope optional, the audience scope in no list. */
  const asked = ['address', 'phone', 'microprofile-jwt', 'organization'];
  const realm = (all: ClientScope[], defaults: string[] = [], optionals = [AUDIENCE_SCOPE.name]) => ({
    scopes: visible({
      all: [...all, ...asked.map((name) => scope(name))],
      defaults,
      optionals: [...optionals, ...asked],
    }),
    clientPolicies: visible({ policies: [REGISTRATIONS], profiles: PROFILES, globalProfiles: [] }),
  });

  it('as it is meant is no finding', () => {
    expect(codes(found(realm([named, hidden])))).toEqual([]);
  });

  it.each<[string, ReturnType<typeof realm>]>([
    ['AUDIENCE_SCOPE_EXPOSED', realm([named, hidden], [hidden.name])],
    ['AUDIENCE_SCOPE_EXPOSED', realm([named, hidden], [], [AUDIENCE_SCOPE.name, hidden.name])],
    [
      'AUDIENCE_SCOPE_EXPOSED',
      realm([
        named,
        { ...hidden, attributes: { ...hidden.attributes, 'include.in.openid.provider.metadata': 'true' } },
      ]),
    ],
    ['NAME_SCOPE_GIVES_AUDIENCE', realm([marked('adopted'), hidden])],
    ['NAME_SCOPE_NOT_OPTIONAL', realm([named, hidden], [], [])],
    ['NAME_SCOPE_NOT_OPTIONAL', realm([named, hidden], [AUDIENCE_SCOPE.name], [])],
    ['AUDIENCE_MAPPER_MISSING', realm([named, { ...hidden, mappers: [] }])],
  ])('%s', (code, parts) => {
    const [first, ...more] = found(parts);
    expect([first?.code, ...more]).toEqual([code]);
    expect(first?.fix.text).toContain(ADOPT);
  });

  it('what 0.1.0 left is said, with the command that moves it', () => {
    const [first] = found(withScopes([marked('windowed')], []));
    expect(first).toMatchObject({ code: 'NOT_MOVED', severity: 'warning', fix: { kind: 'command' } });
    expect(first?.fix.text).toContain('--attach none');
  });

  it('a window of 0.1.0 names who opened it and since when, also where its mark can’t be read', () => {
    const mark = JSON.stringify({ since: '2026-11-23T10:00:00Z', host: 'box', pid: 7, by: 'ada' });
    const [first] = found(withScopes([marked('windowed', { 'mcpkc.window': mark })]));
    expect(first).toMatchObject({ code: 'OLD_WINDOW_OPEN', severity: 'error', fix: { kind: 'command' } });
    expect(first?.message).toContain('by ada on box (process 7), since 2026-11-23T10:00:00Z');
    const unreadable = found(withScopes([marked('windowed', { 'mcpkc.window': '{broken' })]));
    expect(codes(unreadable)).toEqual(['OLD_WINDOW_OPEN']);
  });
});

describe('Trusted Hosts', () => {
  const hosts = (list: string[], more: Record<string, string[]> = {}) =>
    withPolicy('trusted-hosts', { 'trusted-hosts': list, ...more });

  it('without the policy, or without a host', () => {
    expect(found(withPolicy('trusted-hosts', undefined))).toMatchObject([
      {
        code: 'TRUSTED_HOSTS_POLICY_MISSING',
        fix: { text: 'mcpkc trusted-hosts --preset chatgpt --yes' },
      },
    ]);
    expect(codes(found(hosts([])))).toEqual(['TRUSTED_HOSTS_EMPTY']);
  });

  it('needs the host that the product registers with, and only warns for the others and for the server’s own', () => {
    expect(found(hosts(['svc.example.com', '*.openai.com', 'chat.openai.com']))).toMatchObject([
      { code: 'TRUSTED_HOST_MISSING', severity: 'error', subject: 'ChatGPT' },
    ]);
    const both = found(hosts(['chatgpt.com']));
    expect(both).toMatchObject([
      { code: 'TRUSTED_HOST_MISSING', severity: 'warning', subject: 'ChatGPT' },
      { code: 'TRUSTED_HOST_MISSING', severity: 'warning', subject: 'svc.example.com' },
    ]);
    // One command adds what both lack.
    expect(new Set(both.map(({ fix }) => fix.text)).size).toBe(1);
    expect(both[0]?.fix.text).toMatch(/^mcpkc create-scope /);
    const [product] = found(hosts(['svc.example.com']));
    expect(product?.fix.text).toBe('mcpkc trusted-hosts --preset chatgpt');
  });

  it('compares as Keycloak does: letter by letter, *.x is x and all below', () => {
    expect(codes(found(hosts(['ChatGPT.com', '*.openai.com', 'svc.example.com'])))).toEqual([
      'TRUSTED_HOST_MISSING',
    ]);
    expect(found(hosts(['*.chatgpt.com', '*.openai.com', '*.example.com']))).toEqual([]);
    expect(codes(found(hosts(['*.hatgpt.com', '*.openai.com', '*.example.com'])))).toEqual([
      'TRUSTED_HOST_MISSING',
    ]);
  });

  it('looks at client_uri too', () => {
    const list = ['vscode.dev', 'insiders.vscode.dev', '127.0.0.1', 'svc.example.com'];
    const [first] = found(hosts(list), { presets: [vscode] });
    expect(first).toMatchObject({ code: 'TRUSTED_HOST_MISSING', severity: 'error' });
    expect(first?.message).toContain('code.visualstudio.com');
  });

  it('misses no host where redirect URIs are not checked', () => {
    const findings = found(hosts(['example.com'], { 'client-uris-must-match': ['false'] }));
    expect(codes(findings)).toEqual(['CLIENT_URIS_MATCH_OFF']);
  });

  it.each(['*', '*.com', '*.co.uk', '*.github.io', '*.VERCEL.app'])('calls %s too wide', (entry) => {
    const [first] = found(hosts(['chatgpt.com', '*.openai.com', 'svc.example.com', entry]));
    expect(first?.code).toBe('TRUSTED_HOSTS_TOO_WIDE');
  });

  it.each(['*.example.com', '*.mcp.co.uk', '*.acme.github.io', 'com'])('doesn’t call %s so', (entry) => {
    expect(codes(found(hosts(['chatgpt.com', '*.openai.com', 'svc.example.com', entry])))).toEqual([]);
  });

  it('quotes what a shell would expand', () => {
    const [first] = found(hosts(['chatgpt.com', '*.openai.com', 'svc.example.com', '*.com']));
    expect(first?.fix.text).toBe("mcpkc trusted-hosts --preset chatgpt --remove '*.com'");
  });
});

describe('registration policies', () => {
  it('that refuse openid concern products that name it, and those that name scopes in general', () => {
    const { registrationPolicies } = withPolicy('allowed-client-templates', { 'allowed-client-scopes': [] });
    const policies = registrationPolicies?.visible ? registrationPolicies.value : [];
    const trusted = policies.map((one) =>
      one.providerId === 'trusted-hosts'
        ? {
            ...one,
            config: {
              ...one.config,
              'trusted-hosts': ['localhost', '127.0.0.1', '*.claude.ai', '*.claude.com', 'svc.example.com'],
            },
          }
        : one,
    );
    const all = (presets: Preset[]) => found({ registrationPolicies: visible(trusted) }, { presets });
    const [always] = all([geminiCli]);
    expect(always).toMatchObject({
      code: 'ALLOWED_SCOPES_BLOCKS_REGISTRATION',
      severity: 'error',
      message: expect.stringContaining('Gemini CLI can’t register'),
      products: ['gemini-cli'],
    });
    const [sometimes] = all([codex]);
    expect(sometimes).toMatchObject({ severity: 'warning', products: [], depends: ['codex'] });
    expect(all([claude])).toEqual([]);
  });

  it.each([
    [{ limit: 200, reached: true, near: true }, ['MAX_CLIENTS_REACHED']],
    [{ limit: 200, reached: false, near: true }, ['MAX_CLIENTS_NEAR']],
    [{ limit: undefined, reached: false, near: false }, []],
  ])('with head room %j', (room, wanted) => {
    expect(codes(found({ room: visible(room) }))).toEqual(wanted);
  });
});

describe('a scope that is advertised, and that no new client may have', () => {
  const hidden = scope('hidden', { attributes: { 'include.in.openid.provider.metadata': 'false' } });
  const plain = scope('service_account');
  const fixOf = (listed: string[]) => {
    const changes = parts();
    const scopes = requireShown(changes.scopes);
    const about = { ...metadata(), scopes: [...metadata().scopes, ...listed] };
    const all = [...scopes.all, hidden, plain];
    return found(
      { scopes: visible({ ...scopes, all }), face: { atIssuer: about, atKeycloak: about } },
      { presets: [geminiCli] },
    )
      .filter(({ code }) => code === 'ADVERTISED_SCOPE_REFUSED')
      .map(({ fix }) => fix);
  };

  it('is hidden by a command, where the server leaves hidden scopes out', () => {
    expect(fixOf(['service_account'])).toMatchObject([
      { kind: 'command', text: expect.stringContaining('--hide-scope service_account') },
    ]);
  });

  it('is no command’s to hide where the server lists hidden scopes, too', () => {
    const fixes = fixOf(['service_account', 'hidden']);
    expect(fixes).toHaveLength(2);
    for (const fix of fixes)
      expect(fix).toMatchObject({ kind: 'keycloak', text: expect.stringContaining('hidden scopes, too') });
  });
});

describe('client policies', () => {
  const policies = (list: readonly ClientPolicy[], profiles = PROFILES) => ({
    clientPolicies: visible({ policies: [...list], profiles, globalProfiles: ['fapi-1-baseline'] }),
  });
  const FORMER = ['mcpkc-pkce', 'mcpkc-reject-request'].map((name) => ({ name, executors: [] }));
  const withFormer = (...list: ClientPolicy[]) =>
    policies([REGISTRATIONS, USERLESS, ...list], [...PROFILES, ...FORMER]);
  const without = (executor: string) =>
    PROFILES.map((profile) => ({
      ...profile,
      executors: (profile.executors ?? []).filter((one) => one.executor !== executor),
    }));
  it('that name a profile that is gone are found; the server’s own profiles are there', () => {
    const theirs = (...names: string[]) => ({
      name: 'theirs',
      enabled: true,
      conditions: [{ condition: 'client-roles', configuration: { roles: ['x'] } }],
      profiles: names,
    });
    const all = (policy: ClientPolicy) => found(policies([REGISTRATIONS, USERLESS, policy]));
    expect(codes(all(theirs('fapi-1-baseline', 'mcpkc-userless')))).toEqual([]);
    const [first] = all(theirs('fapi-1-baseline', 'lost'));
    expect(first).toMatchObject({ code: 'POLICY_NAMES_MISSING_PROFILE', subject: 'theirs' });
    expect(first?.message).toContain('the profile lost,');
  });

  const HELD = ['PKCE_NOT_ENFORCED', 'REDIRECTS_NOT_HELD', 'MCP_HOST_OPEN', 'OLD_GRANTS_POSSIBLE'];

  it.each([
    ['disabled', { ...REGISTRATIONS, enabled: false }],
    [
      'for other clients',
      {
        ...REGISTRATIONS,
        conditions: [
          {
            condition: 'client-updater-context',
            configuration: { 'update-client-source': ['ByInitialAccessToken'] },
          },
        ],
      },
    ],
    [
      'with a condition that may not hold',
      {
        ...REGISTRATIONS,
        conditions: [...(REGISTRATIONS.conditions ?? []), { condition: 'client-roles', configuration: {} }],
      },
    ],
  ])('that are %s hold nothing', (_what, changed) => {
    expect(codes(found(policies([changed, USERLESS])))).toEqual(HELD);
  });

  it.each([
    ['pkce-enforcer', ['PKCE_NOT_ENFORCED']],
    ['reject-ropc-grant', ['OLD_GRANTS_POSSIBLE']],
    ['secure-client-uris-pattern', ['REDIRECTS_NOT_HELD', 'MCP_HOST_OPEN']],
  ])('lack a finding’s worth without %s', (executor, wanted) => {
    expect(codes(found(policies([REGISTRATIONS, USERLESS], without(executor))))).toEqual(wanted);
  });

  it('that open the MCP server’s own host are found, with the command that closes it', () => {
    const open = registrationsPolicy({ by: 'patterns', patterns: [hostExpression('svc.example.com')] });
    const profiles = [open.profile, ...PROFILES.filter(({ name }) => name !== open.profile.name)];
    expect(found(policies([REGISTRATIONS, USERLESS], profiles))).toMatchObject([
      { code: 'MCP_HOST_OPEN', fix: { text: 'mcpkc trusted-hosts --remove svc.example.com' } },
    ]);
  });

  it('of somebody else’s that hold redirect URIs too are an AND', () => {
    const theirs = { ...REGISTRATIONS, name: 'theirs' };
    expect(codes(found(policies([REGISTRATIONS, USERLESS, theirs])))).toEqual(['FOREIGN_REDIRECT_POLICY']);
  });

  it.each([
    ['without the mode', { ...USERLESS, mode: undefined }],
    ['without one of its conditions', { ...USERLESS, conditions: USERLESS.conditions?.slice(0, 2) }],
    [
      'for other scopes',
      {
        ...USERLESS,
        conditions: USERLESS.conditions?.map((one) =>
          one.condition === 'client-scopes'
            ? { ...one, configuration: { type: 'Any', scopes: ['phone'] } }
            : one,
        ),
      },
    ],
  ])('against userless tokens don’t count %s', (_what, changed) => {
    const [first] = found(policies([REGISTRATIONS, changed as ClientPolicy]));
    expect(first).toMatchObject({ code: 'USERLESS_TOKENS_POSSIBLE', fix: { text: REPAIR } });
  });

  it('against userless tokens need a server that can, and a standing scope', () => {
    const server = visible({ version: '26.4.0', features: [], redirects: 'patterns' as const });
    expect(found({ ...policies([REGISTRATIONS]), server })[0]?.fix.kind).toBe('keycloak');
  });

  it('by client scope of 0.1.0 break applications', () => {
    const scopes = { condition: 'client-scopes', configuration: { type: 'Any', scopes: ['mcp-resource'] } };
    const former = {
      name: 'mcpkc-pkce-mcp-resource',
      enabled: true,
      conditions: [scopes],
      profiles: ['mcpkc-pkce'],
    };
    expect(found(withFormer(former))).toMatchObject([
      { code: 'PKCE_BREAKS_APPLICATIONS', subject: former.name, fix: { text: REPAIR } },
    ]);
  });

  it('that name a scope which is gone: mcpkc’s have a command, another’s is theirs', () => {
    const gone = { condition: 'client-scopes', configuration: { scopes: ['mcp-resource-x'] } };
    const own = {
      name: 'mcpkc-reject-userless-mcp-resource-x',
      enabled: true,
      conditions: [gone],
      profiles: ['mcpkc-reject-request'],
    };
    const foreign = { ...own, name: 'somebodys' };
    expect(found(withFormer(own, foreign))).toMatchObject([
      {
        subject: own.name,
        fix: { text: `mcpkc create-scope --remove --resource ${RESOURCE} --scope mcp-resource-x` },
      },
      { subject: 'somebodys', fix: { kind: 'keycloak' } },
    ]);
  });

  it('that came too late for a client that registered itself: it is named, with its command', () => {
    const one = connector(UUID, { defaultClientScopes: ['mcp-resource'] });
    const clients = visible({ clients: [one], sessions: visible(new Map()) });
    expect(found({ clients })).toMatchObject([
      { code: 'CLIENT_WITHOUT_PKCE', fix: { text: `${REPAIR} --client ${UUID} --yes` } },
    ]);
  });
});

describe('the account', () => {
  const token = {
    roles: [] as string[],
    realmRoles: [] as string[],
    superuser: false,
    audiences: [] as string[],
    isForAdminApi: false,
    scopes: [] as string[],
    length: 1200,
    sealed: true as boolean | undefined,
  };

  it('without a role hides what takes it; nothing of that is judged', () => {
    const hidden = { visible: false, role: 'view-realm' } as const;
    const changes = {
      registrationPolicies: hidden,
      clientPolicies: hidden,
      room: hidden,
      authenticators: hidden,
    };
    const { findings, unjudged, groups } = judge(GROUPS, seen(changes));
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'ACCOUNT_MISSING_ROLE', subject: 'view-realm', fix: { kind: 'command', text: 'mcpkc init' } },
    ]);
    expect(unjudged.map(({ code }) => code)).toContain('TRUSTED_HOSTS_EMPTY');
    expect(groups.find(({ title }) => title === 'Trusted Hosts')).toEqual({
      title: 'Trusted Hosts',
      state: 'unseen',
      roles: ['view-realm'],
    });
  });

  it('with more than any command needs, by its token', () => {
    const roles = ['view-clients', 'view-realm', 'query-clients', 'impersonation'];
    expect(found({ token: { ...token, roles } })).toMatchObject([
      { code: 'ACCOUNT_OVERPRIVILEGED', fix: { text: 'mcpkc init --read-only --exact' } },
    ]);
    expect(codes(found({ token: { ...token, realmRoles: ['admin'] } }))).toEqual(['ACCOUNT_OVERPRIVILEGED']);
  });

  it('that looks as if it had registered itself, or whose secret others may know', () => {
    const own = (more: Partial<Client>) => ({ ownClient: visible(client('mcpkc', more)) });
    for (const more of [
      { consentRequired: true },
      { redirectUris: ['/*'] },
      { protocolMappers: [{ protocolMapper: 'oidc-full-name-mapper' }] },
    ]) {
      expect(found(own(more))).toMatchObject([
        { code: 'ACCOUNT_UNPROVEN', severity: 'error', fix: { text: 'mcpkc init --yes --force' } },
      ]);
    }
    const roles = ['manage-clients'];
    expect(found({ token: { ...token, roles, sealed: false } })).toMatchObject([
      { code: 'ACCOUNT_NOT_SEALED', fix: { text: 'mcpkc init' } },
    ]);
    expect(found({ token: { ...token, sealed: undefined } })).toEqual([]);
  });

  it('that holds an audience scope, or an audience from elsewhere', () => {
    const ownClient = visible(client('mcpkc', { optionalClientScopes: ['mcp-resource'] }));
    expect(found({ ownClient })).toMatchObject([
      { code: 'ACCOUNT_HOLDS_SCOPE', fix: { text: `${REPAIR} --detach mcpkc` } },
    ]);
    expect(found({ token: { ...token, audiences: [RESOURCE] } })).toMatchObject([
      { code: 'ACCOUNT_HOLDS_SCOPE', fix: { kind: 'keycloak' } },
    ]);
  });
});

describe('the admin API of Keycloak 26.8.2', () => {
  const scopes = withScopes([AUDIENCE_SCOPE, scope('kc-admin-api')]).scopes ?? parts().scopes;

  it.each([
    ['without the scope', {}, true],
    ['with the scope as optional', { optionalClientScopes: ['kc-admin-api'] }, true],
    ['with the scope as default', { defaultClientScopes: ['basic', 'roles', 'kc-admin-api'] }, false],
  ])('refuses the account %s', (_how, lists, bad) => {
    const ownClient = visible(client('mcpkc', lists));
    const rule = codes(found({ scopes, ownClient })).includes('ACCOUNT_LACKS_ADMIN_API');
    expect(rule).toBe(bad);
  });

  it('an account in master shows by its token that it has it', () => {
    const ownClient = visible(undefined);
    const judged = (more: object) =>
      codes(found({ scopes, ownClient, token: { ...parts().token, ...more } }));
    expect(judged({})).toContain('ACCOUNT_LACKS_ADMIN_API');
    expect(judged({ isForAdminApi: true })).not.toContain('ACCOUNT_LACKS_ADMIN_API');
    expect(judged({ scopes: ['kc-admin-api'] })).not.toContain('ACCOUNT_LACKS_ADMIN_API');
  });

  it('its scope is no MCP server’s', () => {
    const admin = scope('kc-admin-api', { mappers: [mapper('https://sso.example.com/admin')] });
    expect(isAudienceScope(admin)).toBe(false);
    expect(isAudienceScope({ ...admin, name: 'other' })).toBe(true);
  });
});

it('a policy that adds the realm’s defaults, as this server describes it, makes naming scopes no matter', () => {
  const adding = withPolicy('allowed-client-templates', { 'add-default-scopes': ['true'] });
  const described = (...names: string[]) => ({
    ...adding,
    registrationProviders: visible(new Map([['allowed-client-templates', names]])),
  });
  const all = (changes: Parameters<typeof seen>[0]) =>
    judge(GROUPS, seen(changes)).findings.map(({ code }) => code);
  expect(all(described('allow-default-scopes', 'add-default-scopes'))).not.toContain('DCR_WITH_SCOPE');
  expect(all(described('allow-default-scopes'))).toContain('DCR_WITH_SCOPE');
  expect(all({})).toContain('DCR_WITH_SCOPE');
});

it('a token over 8 kB is said, with what makes it so', () => {
  expect(found({ token: { ...parts().token, length: 8100 } })).toMatchObject([
    { code: 'ACCOUNT_TOKEN_LONG', message: expect.stringContaining('8.1 kB') },
  ]);
});

describe('the server', () => {
  const face = (
    atIssuer: ReturnType<typeof metadata> | undefined,
    atKeycloak: ReturnType<typeof metadata> | undefined,
  ) => ({ face: { atIssuer, atKeycloak } });

  it('is believed at its public address first, and at the other where nobody answers', () => {
    expect(found(face(metadata(), metadata('http://127.0.0.1:8080/realms/demo')))).toEqual([]);
    expect(found(face(undefined, metadata()))).toEqual([]);
    const [first] = found(face(undefined, metadata('http://127.0.0.1:8080/realms/demo')));
    expect(first?.code).toBe('ISSUER_MISMATCH');
    // One address alone shows nothing of the other.
    expect(first?.message).not.toContain('no hostname is fixed');
    const both = face(metadata('http://10.0.0.5/realms/demo'), metadata('http://127.0.0.1:8080/realms/demo'));
    expect(found(both)[0]?.message).toContain('no hostname is fixed');
    expect(codes(found(face(metadata('https://sso.example.com/auth/realms/demo'), undefined)))).toEqual([
      'ISSUER_MISMATCH',
    ]);
    expect(codes(found(face(undefined, undefined)))).toEqual(['ISSUER_MISMATCH']);
  });

  it.each([
    ['http://sso.example.com/realms/demo', ['ISSUER_NOT_HTTPS']],
    ['http://127.0.0.1:8080/realms/demo', []],
    ['http://localhost/realms/demo', []],
  ])('whose issuer is %s', (issuer, wanted) => {
    expect(codes(found(face(metadata(issuer), undefined), { issuer }))).toEqual(wanted);
  });

  it('without authentication by id and secret', () => {
    expect(codes(found({ authenticators: visible(['client-jwt']) }))).toEqual(['BASIC_AUTH_DISABLED']);
    const metadataWithout = { ...metadata(), authMethods: ['private_key_jwt'] };
    expect(codes(found(face(metadataWithout, undefined)))).toEqual(['BASIC_AUTH_DISABLED']);
  });

  it('with resource indicators and the client that stands for the MCP server', () => {
    const own = client(RESOURCE, {
      bearerOnly: true,
      publicClient: false,
      attributes: { resource_url: RESOURCE },
    });
    const wrote = resourceClientEntry(RESOURCE, own.id, new Date(NOW).toISOString(), 'ann');
    const record = visible({ state: 'proved' as const, entries: [wrote] });
    const server = visible({
      version: undefined,
      features: ['resource-indicators'],
      redirects: undefined,
    });
    const there = (one: Client) => ({ server, record, ids: visible([one]) });
    expect(codes(found(there(own)))).toEqual([]);
    const both = ['RESOURCE_INDICATORS_BREAK_AUDIENCE', 'RESOURCE_CLIENT_FOREIGN'];
    const squatted = { id: 'other', consentRequired: true, fullScopeAllowed: false };
    for (const [changed, second = 'RESOURCE_CLIENT_FOREIGN'] of [
      [{ id: 'other' }],
      [{ publicClient: true }],
      [{ consentRequired: true }],
      [{ attributes: {} }],
      [squatted, 'RESOURCE_ID_TAKEN'],
    ] as const) {
      const fixes = found(there({ ...own, ...changed }));
      expect(codes(fixes)).toEqual([both[0], second]);
      for (const { fix } of fixes) expect(fix.text).toContain('--resource-client --yes');
    }
    const without = visible({ version: undefined, features: [], redirects: undefined });
    const [quiet] = found({ ...there({ ...own, id: 'other' }), server: without });
    expect([quiet?.code, quiet?.severity]).toEqual(['RESOURCE_CLIENT_FOREIGN', 'warning']);
  });

  it('open to strangers while nobody has the MCP server’s URL as client id', () => {
    const free = (changes: Partial<StatusSnapshot>) =>
      judge(GROUPS, seen(changes)).findings.filter(({ code }) => code === 'RESOURCE_ID_FREE');
    const [finding, ...more] = free({});
    expect([finding?.severity, more]).toEqual(['warning', []]);
    expect(finding?.fix).toEqual({
      kind: 'command',
      text: `mcpkc create-scope --resource ${RESOURCE} --registration keep --resource-client`,
    });
    expect(free({ ids: visible([client(RESOURCE)]) })).toEqual([]);
    const shut = { 'trusted-hosts': [], 'host-sending-registration-request-must-match': ['true'] };
    expect(free(withPolicy('trusted-hosts', shut))).toEqual([]);
    // With the sender match off a registration without a URI is let in, whatever hosts are listed.
    const bare = { ...shut, 'host-sending-registration-request-must-match': ['false'] };
    expect(free(withPolicy('trusted-hosts', bare))).toHaveLength(1);
  });

  it('with features that break things', () => {
    const server = visible({
      version: undefined,
      features: ['resource-indicators', 'cimd'],
      redirects: undefined,
    });
    expect(codes(found({ server, ...face({ ...metadata(), cimd: true }, undefined) }))).toEqual([
      'RESOURCE_INDICATORS_BREAK_AUDIENCE',
      'DOCUMENT_NOT_ALLOWED',
    ]);
    expect(codes(found(face({ ...metadata(), cimd: true }, undefined), { presets: [] }))).toEqual([]);
  });
});

describe('events and clients', () => {
  it('switched off, or without the types that matter', () => {
    const off = { enabled: false, types: [], expirationMs: undefined };
    expect(codes(found({ eventsConfig: visible(off) }))).toEqual(['EVENTS_OFF']);
    expect(
      codes(found({ eventsConfig: visible({ ...off, enabled: true, types: ['LOGIN', 'LOGIN_ERROR'] }) })),
    ).toEqual(['EVENTS_OFF']);
  });

  it('name clients that are gone and still used, with the backup that has them', () => {
    expect(found({ gone: visible([UUID, 'a-guess']) })).toMatchObject([
      { code: 'PRUNED_TOO_EARLY', subject: UUID, fix: { kind: 'mcp-server' } },
    ]);
    const backupOf = () => '/home/a b/pruned.jsonl';
    expect(found({ gone: visible([UUID]) }, { backupOf })[0]?.fix).toEqual({
      kind: 'command',
      text: `mcpkc prune-clients --restore '/home/a b/pruned.jsonl' ${UUID}`,
    });
  });

  const listed = (...clients: ReturnType<typeof client>[]) => ({
    clients: visible({ clients, sessions: visible(new Map()) }),
  });

  it('find connectors without a scope, not what holds one, is disabled, or isn’t a product’s', () => {
    const holds = connector('1f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11', {
      optionalClientScopes: ['mcp-resource'],
      attributes: { 'pkce.code.challenge.method': 'S256' },
    });
    const disabled = connector('2f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11', { enabled: false });
    const other = connector('3f8b1c1e-7d3c-4b0a-9f6e-2f1f8c1f5a11', {
      redirectUris: ['https://evil.example/cb'],
    });
    const findings = found(listed(connector(UUID), holds, disabled, other));
    expect(findings).toMatchObject([
      { code: 'CLIENT_WITHOUT_SCOPE', subject: UUID, fix: { text: `${REPAIR} --client ${UUID}` } },
    ]);
  });

  it('call an application foreign that can get the audience; what it says about itself decides nothing', () => {
    const defaultClientScopes = ['mcp-resource'];
    const app = client('app', {
      defaultClientScopes,
      attributes: { 'mcpkc.adopted': 'mcp-resource' },
    });
    const stranger = connector(UUID, { defaultClientScopes });
    const all = listed(app, stranger, client('mcpkc', { defaultClientScopes }));
    const foreign = found(all)
      .filter(({ code }) => code === 'SCOPE_ON_FOREIGN_CLIENT')
      .map(({ subject }) => subject);
    expect(foreign).toEqual(['app']);
  });
});
