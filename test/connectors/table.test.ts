import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningHost } from '../../examples/mcp-host/host.ts';
import { type Connection, Connector } from '../support/connectors/chatgpt.ts';
import type { Outcome } from '../support/connectors/outcome.ts';
import { CHATGPT, CLAUDE, CODEX, CURSOR, VSCODE } from '../support/connectors/products.ts';
import { SdkConnector } from '../support/connectors/sdk.ts';
import type { User } from '../support/connectors/sign-in.ts';
import { audiences } from '../support/connectors/tokens.ts';
import { startMcpHost } from './host.ts';
import { newRealm, provision, type TestRealm } from './realm.ts';

const SCOPE = 'mcp-resource-table';
const TRUSTED = [
  'chatgpt.com',
  'claude.ai',
  'vscode.dev',
  'insiders.vscode.dev',
  'code.visualstudio.com',
  'www.cursor.com',
  'anysphere.cursor-mcp',
  'localhost',
  '127.0.0.1',
];

type Connect = (mcpUrl: string, user: User) => Promise<Outcome<Connection>>;

const connectors: Readonly<Record<string, Connect>> = {
  'ChatGPT, bare JSON-RPC': (url, user) => new Connector(url).connect(user),
  'ChatGPT, SDK in the legacy era': (url, user) => new Connector(url, { wire: 'sdk-legacy' }).connect(user),
  'ChatGPT, SDK in the modern era': (url, user) => new Connector(url, { wire: 'sdk-modern' }).connect(user),
  'ChatGPT, asking for nothing': (url, user) => new Connector(url, { product: MUTE_CHATGPT }).connect(user),
  Claude: (url, user) => new Connector(url, { product: CLAUDE }).connect(user),
  'VS Code': (url, user) => new Connector(url, { product: VSCODE }).connect(user),
  Cursor: (url, user) => new Connector(url, { product: CURSOR }).connect(user),
  Codex: (url, user) => new Connector(url, { product: CODEX }).connect(user),
  'the SDK client': (url, user) => new SdkConnector(url).connect(user),
  'the SDK client, public': (url, user) => new SdkConnector(url, { authMethod: 'none' }).connect(user),
  'the SDK client, probing for the modern era': (url, user) =>
    new SdkConnector(url, { era: 'auto' }).connect(user),
};
const MUTE_CHATGPT = { ...CHATGPT, silentScope: 'none' } as const;

/** Those that ask for whatever scopes the registration answered, so that an optional scope reaches them too. */
const ECHOES = ['ChatGPT, bare JSON-RPC', 'ChatGPT, SDK in the legacy era', 'ChatGPT, SDK in the modern era'];

const rows = [
  { attach: 'default', advertised: false, works: true },
  { attach: 'default', advertised: true, works: true },
  { attach: 'optional', advertised: false, works: false },
  { attach: 'optional', advertised: true, works: true },
] as const;

for (const { attach, advertised, works } of rows) {
  describe(`scope as realm ${attach}, ${advertised ? 'advertised' : 'not advertised'} by the host`, () => {
    let realm: TestRealm;
    let host: RunningHost;

    beforeAll(async () => {
      realm = await newRealm();
      host = await startMcpHost(realm.issuer, advertised ? SCOPE : undefined);
      await provision(realm, { scope: SCOPE, resource: host.url, attach, trustedHosts: TRUSTED });
    });

    afterAll(async () => {
      await host?.stop();
      await realm?.remove();
    });

    for (const [name, connect] of Object.entries(connectors)) {
      const succeeds = works || ECHOES.includes(name);
      it.concurrent(`${name} ${succeeds ? 'calls a tool' : 'gets a token without audience, and 401'}`, async () => {
        const result = await connect(host.url, realm.user);
        if (!succeeds) {
          expect(result).toMatchObject({ ok: false, stage: 'mcp', status: 401 });
          return;
        }
        if (!result.ok) expect.fail(JSON.stringify(result));
        expect(result.tools).toEqual(['whoami', 'add']);
        expect(JSON.stringify(result.toolResult.content)).toContain(result.clientId);
        expect(audiences(result.claims)).toEqual([host.url]);
        expect(result.claims.iss).toBe(realm.issuer);
      });
    }
  });
}
