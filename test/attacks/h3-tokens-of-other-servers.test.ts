import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectCli, runCli } from '../support/cli.ts';
import { signIn } from '../support/connectors/sign-in.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { since } from '../support/keycloak/version.ts';
import { newStage, probesIn, type Stage, validateRun } from '../validate/stage.ts';

const OTHER = 'https://other.example.com/mcp';
const DUMMY = 'https://elsewhere.example/mcp';

let stage: Stage;
let host: GoodHost;

beforeAll(async () => {
  stage = await newStage('attack-h3');
  host = await startGoodHost(stage.setup);
  await stage.provision(host.url);
  // The other server of the realm: anybody who registers gets its audience, too.
  await expectCli(
    0,
    ['create-scope', '--preset', 'chatgpt', '--resource', OTHER, '--scope', 'mcp-resource-other', '--yes'],
    {
      env: stage.account.env,
    },
  );
});
afterAll(async () => {
  await host.stop();
  await stage.remove();
});

/** The audiences of all tokens that the host was sent, in headers, URLs and bodies. */
function received(): string[] {
  const texts = host.requests.map((request) => JSON.stringify(request));
  const tokens = texts.flatMap((text) => text.match(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g) ?? []);
  const audiences = [...new Set(tokens)].flatMap((token) => {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      aud?: string | string[];
      exp?: number;
    };
    // Expired and forged ones, which a host must refuse, are made by mcpkc itself and open nothing.
    return [claims.aud ?? 'none'].flat();
  });
  return [...new Set(audiences)].sort();
}

describe('a hostile MCP server in a realm with another one', () => {
  it('gets no token that opens the other, and is tested all the same', async () => {
    host.requests.length = 0;
    const run = await stage.validate(host.url);
    expect(received().filter((audience) => audience !== host.url && audience !== DUMMY)).toEqual([]);
    expect(received()).toEqual([DUMMY, host.url].sort());
    expect(run.check('MCP-OPEN')).toMatchObject({ outcome: 'pass' });
    expect(await probesIn(stage.realm)).toEqual([]);
    expect(run.check('CHAL-FOREIGN-AUD')).toMatchObject({ outcome: 'pass' });
  });

  it('gets none from outside, and that is said', async () => {
    host.requests.length = 0;
    const run = await stage.validate(host.url, ['--outside']);
    // One without any audience is what everybody may have who registers: it opens nothing.
    expect(received().filter((audience) => audience !== 'none')).toEqual([]);
    // Before 26.7 it gets a token without a user, which is good for the other server: it stays here.
    const said = since(26, 7, 0) ? 'no probe got one' : 'is not sent: it is also good for';
    expect(run.check('MCP-OPEN').message).toContain(said);
  });

  it('gets none out of a file, and that is said', async () => {
    const claims = Buffer.from(JSON.stringify({ aud: [host.url, OTHER], iss: 'x' })).toString('base64url');
    const head = Buffer.from('{"alg":"RS256"}').toString('base64url');
    for (const [token, why] of [
      [`${head}.${claims}.c2ln`, `is also good for ${OTHER}`],
      [`${head}.${Buffer.from('{"iss":"x"}').toString('base64url')}.c2ln`, 'names no audience'],
      ['opaque-token-of-somebody', 'is not a JWT'],
    ] as const) {
      host.requests.length = 0;
      const { json } = await runCli(
        ['validate', host.url, '--json', '--token-file', 'token', '--only', 'MCP'],
        {
          env: stage.account.env,
          files: { token },
        },
      );
      const open = (json.checks as { id: string; message: string; outcome: string }[]).find(
        ({ id }) => id === 'MCP-OPEN',
      );
      expect(open?.message).toContain(why);
      expect(JSON.stringify(host.requests)).not.toContain(token);
    }
  });

  it('gets a person’s token for itself alone', async () => {
    host.requests.length = 0;
    const run = await validateRun(
      [host.url, '--login', '--request-timeout', '10s'],
      stage.account.env,
      (io) => {
        io.openBrowser = async (address) => {
          const redirectUri = new URL(address).searchParams.get('redirect_uri') ?? '';
          void signIn(address, { user: stage.user, redirectUri }).then((result) => {
            if (result.ok) void fetch(`${redirectUri}?${result.params}`);
          });
          return true;
        };
      },
    );
    expect(run.check('MCP-OPEN')).toMatchObject({ outcome: 'pass' });
    expect(run.check('MCP-OPEN').message).toContain('the token of a sign-in');
    expect(received()).toEqual([DUMMY, host.url].sort());
  });
});
