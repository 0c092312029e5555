import { describe, expect, it } from 'vitest';
import { placeText } from '../../../src/fleet/fleet.ts';
import { readFleet } from '../../../src/fleet/read.ts';

const read = (text: string, presets?: string[]) => readFleet([{ file: 'mcpkc.yaml', text }], presets);
/** Problems as an editor shows them. */
const problems = (text: string, presets?: string[]) =>
  read(text, presets).problems.map(
    ({ at, message }) => `${placeText(at).replace('mcpkc.yaml:', '')} ${message}`,
  );

const GOOD = `# yaml-language-server: $schema=mcpkc.schema.json
defaults:
  mode: adopted
  products: [chatgpt]
realms:
  - profile: prod
    server: https://auth.example.com
    servers:
      - resource: HTTPS://Svc.example.com:443/mcp   # ours
        mode: standing
        attach: optional
        access: anybody
      - resource: https://two.example.com/mcp
        roles: [finance, hr, finance]
        scope: two
        products:
          - preset: claude
            by: document
          - { by: client, clientId: agent, redirectUris: ['https://agent.example.com/cb'] }
    retired:
      - https://old.example.com/mcp
  - profile: test
    harden: false
`;

describe('a file of MCP servers', () => {
  it('is read in the words of the command line', () => {
    const { fleet, problems: none, notes } = read(GOOD);
    expect([none, notes]).toEqual([[], []]);
    expect(fleet.realms.map(({ profile, harden }) => [profile, harden])).toEqual([
      ['prod', true],
      ['test', false],
    ]);
    const [one, two] = fleet.realms[0]?.servers ?? [];
    expect(one).toMatchObject({
      resource: 'https://svc.example.com/mcp',
      mode: 'standing',
      attach: 'optional',
      access: 'anybody',
      products: [{ preset: 'chatgpt', by: 'registration' }],
    });
    expect(two).toMatchObject({ mode: 'adopted', scope: 'two', access: { roles: ['finance', 'hr'] } });
    expect(two?.products).toMatchObject([
      { preset: 'claude', by: 'document' },
      { preset: undefined, by: 'client', clientId: 'agent' },
    ]);
    expect(fleet.realms[0]?.retired.map(({ resource }) => resource)).toEqual(['https://old.example.com/mcp']);
  });

  it('says nothing of who may use a server where neither access nor roles stands there', () => {
    const { fleet } = read('realms: [{servers: [{resource: https://a.example.com/mcp}]}]');
    expect(fleet.realms[0]?.servers[0]?.access).toBeUndefined();
  });

  it('may be JSON', () => {
    const text = JSON.stringify({
      realms: [{ servers: [{ resource: 'https://a.example.com/mcp', roles: [] }] }],
    });
    expect(read(text).fleet.realms[0]?.servers[0]?.access).toEqual({ roles: [] });
  });

  it('tells every problem of its shape at once, with line and column', () => {
    const text = `defaults:
  mod: adopted
realms:
  - profil: prod
    servers:
      - resource: https://a.example.com/mcp
        mode: windowed
        roles: finance
        products:
          - preset: chatgpt
            by: docment
            colour: red
      - mode: standing
`;
    expect(problems(text)).toEqual([
      '2:3 defaults.mod: no such key; did you mean mode?',
      '4:5 realms[0].profil: no such key; did you mean profile?',
      '7:15 realms[0].servers[0].mode: it must be standing or adopted',
      '8:16 realms[0].servers[0].roles: it must be a list of texts',
      '11:17 realms[0].servers[0].products[0].by: it must be registration or document or client',
      '12:13 realms[0].servers[0].products[0].colour: no such key; there are: preset, by, clientId, redirectUris',
      '13:9 realms[0].servers[1].resource: it must be a text',
    ]);
  });

  it('tells a wrong value beside a wrong shape, in one run', () => {
    const text = `realms:
  - profile: ../prod
    servers:
      - { resource: a.example.com/mcp, rolez: [x] }
      - just a text
      - { mode: standing, roles: [1, mcpkc-nobody], products: [1, { preset: chatgtp, by: x }, chatgtp] }
    retired: [2, b.example.com/mcp]
  - 7
`;
    expect(problems(text).map((one) => one.replace(/( .*?):? .*/, '$1'))).toEqual([
      '2:14 realms[0].profile',
      '4:21 realms[0].servers[0].resource',
      '4:40 realms[0].servers[0].rolez',
      '5:9 realms[0].servers[1]',
      '6:9 realms[0].servers[2].resource',
      '6:35 realms[0].servers[2].roles[0]',
      '6:38 realms[0].servers[2].roles[1]',
      '6:64 realms[0].servers[2].products[0]',
      '6:77 realms[0].servers[2].products[1].preset',
      '6:90 realms[0].servers[2].products[1].by',
      '6:95 realms[0].servers[2].products[2]',
      '7:15 realms[0].retired[0]',
      '7:18 realms[0].retired[1]',
      '8:5 realms[1]',
    ]);
  });

  it('tells every value that can’t be', () => {
    const text = `realms:
  - profile: ../prod
    servers:
      - resource: a.example.com/mcp
        scope: a b
        roles: [mcpkc-nobody, '']
        access: anybody
        attach: default
        products:
          - chatgtp
          - preset: cursor
            by: document
          - { by: client }
          - { preset: claude, by: client, redirectUris: ['https://x.example.com/*'] }
          - { preset: claude, by: registration, clientId: x }
`;
    expect(problems(text).map((one) => one.replace(/realms\[0\]\.?(servers\[0\])?\.?/, ''))).toEqual([
      '2:14 profile: a profile’s name has letters, digits, ".", "_" and "-"',
      expect.stringMatching(/^4:19 resource: it is not a full URL/),
      expect.stringMatching(/^5:16 scope: this is not a name/),
      '6:16 roles: access: anybody stands beside it; leave one of the two out',
      '6:17 roles[0]: mcpkc-nobody is one of mcpkc’s own roles',
      '6:31 roles[1]: a role’s name has 1 to 255 characters',
      '8:17 attach: it belongs to mode: standing; an adopted server’s scope is optional',
      '10:13 products[0]: there is no client preset chatgtp; did you mean chatgpt?',
      expect.stringMatching(/^12:17 products\[1\]\.by: .* has no client id metadata document/),
      '13:13 products[2]: without a preset it takes a clientId',
      '13:13 products[2]: without a preset it takes redirectUris',
      expect.stringMatching(/^14:57 products\[3\]\.redirectUris: .* wildcard/),
      '15:35 products[4].by: clientId and redirectUris belong to by: client or document',
    ]);
  });

  it('tells what contradicts itself', () => {
    const text = `realms:
  - profile: prod-eu
    servers:
      - { resource: https://a.example.com/mcp, mode: standing, scope: s }
      - { resource: https://A.example.com/mcp, mode: adopted, scope: s }
      - { resource: https://b.example.com/mcp, mode: standing, products: [chatgpt, chatgpt] }
      - { resource: https://c.example.com/mcp, mode: standing, shared: true }
    retired: [https://b.example.com/mcp]
  - profile: prod_eu
`;
    expect(problems(text)).toEqual([
      '5:9 https://a.example.com/mcp is there already (mcpkc.yaml:4)',
      '5:9 the scope s is there already (mcpkc.yaml:4)',
      expect.stringMatching(/^6:9 https:\/\/b.example.com\/mcp: tokens for it would open the other standing/),
      '6:84 chatgpt by registration is there already (mcpkc.yaml:6)',
      '8:15 https://b.example.com/mcp is retired, and a server (mcpkc.yaml:6)',
      '9:5 this realm is there already (line 2): the same profile, spelled as variables are',
    ]);
  });

  it.each([
    ['a syntax error', 'realms:\n  - profile: [a\n', /^\d:\d+ /],
    ['a key twice', 'realms: []\nrealms: []\n', /^2:1 Map keys must be unique/],
    ['an unknown tag', 'realms: !js/function "x"\n', /^1:9 Unresolved tag/],
    ['an empty file', '', /^1:1 it must be \{realms/],
    ['no realm', 'realms: []', /^1:9 realms: it must name a realm/],
    ['a text', 'hello', /^1:1 it must be/],
    ['a second document', 'realms: [{}]\n---\nrealms: [{}]\n', /^2:1 a second document begins here/],
    ['another encoding', '\uFFFD\uFFFDr\0e\0', /^1:1 this is no text in UTF-8/],
    ['deep nesting', `realms: ${'['.repeat(20_000)}`, /^1:\d+ it is nested too deeply/],
  ])('%s is a problem with a place', (_what, text, expected) => {
    expect(problems(text)[0]).toMatch(expected);
  });

  it('that grows by aliases is refused', () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let at = 1; at < 30; at += 1) lines.push(`a${at}: &a${at} [*a${at - 1}, *a${at - 1}]`);
    expect(problems(lines.join('\n'))[0]).toMatch(/alias/i);
  });

  it('of several files is one fleet; a realm may stand in two of them', () => {
    const file = (name: string, url: string) => ({
      file: name,
      text: `realms: [{profile: p, servers: [{resource: ${url}}]}]`,
    });
    const two = readFleet([
      file('a.yaml', 'https://a.example.com/mcp'),
      file('b.yaml', 'https://b.example.com/mcp'),
    ]);
    expect(two.problems).toEqual([]);
    expect(two.fleet.realms[0]?.servers.map(({ resource }) => resource)).toEqual([
      'https://a.example.com/mcp',
      'https://b.example.com/mcp',
    ]);
    const same = readFleet([
      file('a.yaml', 'https://a.example.com/mcp'),
      file('b.yaml', 'https://a.example.com/mcp'),
    ]);
    expect(same.problems.map(({ message }) => message)).toEqual([
      'https://a.example.com/mcp is there already (a.yaml:1)',
    ]);
  });

  it('may name a product of the configuration', () => {
    const text = 'realms: [{servers: [{resource: https://a.example.com/mcp, products: [our-agent]}]}]';
    expect(read(text)).toMatchObject({
      problems: [],
      notes: [{ message: expect.stringContaining('our-agent') }],
    });
    expect(read(text, ['our-agent'])).toMatchObject({ problems: [], notes: [] });
    expect(problems(text, ['other'])[0]).toContain('there is no client preset our-agent');
  });
});
