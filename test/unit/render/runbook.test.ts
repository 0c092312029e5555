import { describe, expect, it } from 'vitest';
import { boxChecks, boxFindings } from '../../../src/commands/runbook/boxes.ts';
import { boxStates } from '../../../src/commands/runbook/checklist.ts';
import type { Results, RunbookFacts, SeenCheck } from '../../../src/commands/runbook/facts.ts';
import { code } from '../../../src/commands/runbook/markdown.ts';
import { runbookText } from '../../../src/commands/runbook/runbook.ts';
import type { ConfiguredServer } from '../../../src/plan/configured-server.ts';
import { chatgpt } from '../../../src/products/chatgpt.ts';
import { markdownText } from '../../../src/text.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SERVER: ConfiguredServer = {
  resource: RESOURCE,
  realm: 'tools',
  issuer: 'https://auth.example.com/realms/tools',
  scope: 'mcp-resource-svc',
  audienceScope: undefined,
  carrier: 'mcp-resource-svc',
  carriers: ['mcp-resource-svc'],
  mode: 'standing',
  list: 'default',
  scopes: { named: undefined, carrier: undefined },
  windowed: false,
  window: undefined,
  roles: undefined,
  ways: undefined,
  source: 'realm',
  env: { MCP_TRANSPORT_URL: RESOURCE },
};

function facts(more: Partial<RunbookFacts> = {}): RunbookFacts {
  return {
    version: '0.1.0',
    day: '2026-01-01',
    mcpServer: SERVER,
    presets: [chatgpt],
    server: 'https://auth.example.com',
    caFile: undefined,
    adminRealm: 'tools',
    hostname: 'https://auth.example.com',
    hostnameAdmin: undefined,
    clientId: 'mcpkc',
    secretOrigin: 'file .keycloak-env line 2',
    secret: undefined,
    runsOn: 'docker',
    results: { findings: undefined, checks: undefined },
    ...more,
  };
}

function checks(outcomes: Record<string, SeenCheck['outcome']> = {}): SeenCheck[] {
  const ids = [...new Set([...boxChecks(), ...Object.keys(outcomes)])];
  return ids.map((id) => ({ id, severity: 'must', outcome: outcomes[id] ?? 'pass', message: `about ${id}` }));
}

const stateOf = (results: Results, box: string) => boxStates(results).find(({ id }) => id === box)?.state;

describe('the boxes of the deployment checklist', () => {
  it('are all unknown where nobody looked', () => {
    const states = boxStates({ findings: undefined, checks: undefined }).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['unknown']));
  });

  it('are all done where every check passes and nothing is found', () => {
    const states = boxStates({ findings: [], checks: checks() }).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['done']));
  });

  it.each(boxChecks())('are not all done where %s fails, is not run, or was skipped', (id) => {
    for (const outcome of ['fail', 'not-run', 'skipped'] as const) {
      const states = boxStates({ findings: [], checks: checks({ [id]: outcome }) });
      const box = states.find(({ state }) => state !== 'done');
      expect(box?.state).toBe(outcome === 'skipped' ? 'unknown' : 'open');
    }
  });

  it.each(boxFindings())('has one that stays open for %s, with its message', (found) => {
    const finding = { code: found, severity: 'warning' as const, message: 'look here' };
    const open = boxStates({ findings: [finding], checks: checks() }).filter(({ state }) => state === 'open');
    expect(open.map(({ reasons }) => reasons)).toEqual([[`${found}: look here`]]);
  });

  it('are ticked by status where it saw the whole realm, as far as the realm alone shows them', () => {
    const results: Results = { findings: [], isWhole: true, checks: undefined };
    const ticked = boxStates(results).filter(({ state }) => state === 'seen');
    expect(ticked.map(({ id }) => id)).toEqual(['address', 'policies', 'scope', 'pkce', 'userless']);
    expect(runbookText(facts({ results }))).toContain(
      '- [x] The audience scope is there, and tokens name the MCP server *(as the realm is set up)*',
    );
    const finding = { code: 'SCOPE_MISSING', severity: 'error' as const, message: 'none' };
    expect(stateOf({ ...results, findings: [finding] }, 'scope')).toBe('open');
  });

  it('are not ticked by what an account saw a part of, nor by validate alone where findings count', () => {
    expect(stateOf({ findings: [], checks: undefined }, 'policies')).toBe('unknown');
    expect(
      stateOf({ findings: [], isWhole: true, checks: checks({ 'REG-PLAIN': 'skipped' }) }, 'policies'),
    ).toBe('unknown');
    expect(stateOf({ findings: undefined, checks: checks() }, 'policies')).toBe('unknown');
    expect(stateOf({ findings: undefined, checks: checks() }, 'server')).toBe('done');
  });

  it('leave the whole playbook open for any must that is red, and for a run without checks', () => {
    expect(stateOf({ findings: [], checks: checks({ 'MCP-TOOLS': 'fail' }) }, 'validate')).toBe('open');
    expect(stateOf({ findings: [], checks: [] }, 'validate')).toBe('open');
  });
});

describe('a runbook', () => {
  it('fills in this deployment', () => {
    const text = runbookText(facts());
    expect(text).toContain(`| MCP server, as people type it, and audience | \`${RESOURCE}\` |`);
    expect(text).toContain(`mcpkc create-scope --resource ${RESOURCE} --preset chatgpt\n`);
    expect(text).toContain('"authorization_servers": [\n    "https://auth.example.com/realms/tools"\n  ]');
    expect(text).toContain('"scopes_supported": [\n    "mcp-resource-svc"\n  ]');
    expect(text).not.toMatch(/undefined|\[object|\{\{/);
  });

  it('adopts connectors where the mode is that, and advertises the scope all the same', () => {
    const text = runbookText(facts({ mcpServer: { ...SERVER, mode: 'adopted', list: 'optional' } }));
    expect(text).toContain(`mcpkc onboard ${RESOURCE} --preset chatgpt\n`);
    expect(text).toContain('"scopes_supported"');
  });

  it('names the place of the secret, and holds the secret only where it is given', () => {
    expect(runbookText(facts())).toContain('`file .keycloak-env line 2`');
    expect(runbookText(facts({ secret: 's3cret' }))).toContain('KC_CLIENT_SECRET=s3cret\n');
  });

  it('quotes what a shell would read otherwise', () => {
    const resource = "https://svc.example.com/it's/$HOME";
    const text = runbookText(facts({ mcpServer: { ...SERVER, resource } }));
    expect(text).toContain(`mcpkc validate 'https://svc.example.com/it'\\''s/$HOME'\n`);
  });

  it('shows foreign words as text, not as markup', () => {
    expect(markdownText('<b>[x](y)</b> a_b _c_\u001b[2J')).toBe(
      '&lt;b\\>\\[x\\](y)&lt;/b\\> a_b \\_c\\_\\\\u\\{1b\\}\\[2J',
    );
    expect(code('a`b``c')).toBe('```a`b``c```');
  });
});

it.each([
  ['docker', 'docker compose logs --since 10m keycloak'],
  ['systemd', "journalctl --since '-10 min' -u keycloak"],
  ['kubernetes', 'kubectl logs --since 10m deployment/keycloak'],
] as const)('reads the logs as a deployment on %s has them', (runsOn, line) => {
  const text = runbookText(facts({ runsOn }));
  expect(text).toContain(line);
  expect(text.match(/docker compose logs|journalctl|kubectl logs/g)).toHaveLength(2);
});
