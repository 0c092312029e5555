import { describe, expect, it } from 'vitest';
import { Connector } from '../../support/connectors/chatgpt.ts';
import { CLAUDE } from '../../support/connectors/products.ts';
import { SdkConnector } from '../../support/connectors/sdk.ts';
import { HOST, refusals, SERVER, withChanges } from './refusals.ts';
import { goodWeb, ISSUER, MCP_URL, resourceMetadata, unauthorized, web } from './web.ts';

const USER = { username: 'alice', password: 'secret' };
describe('places', () => {
  it('are tried in the order of the specification where the challenge names none', async () => {
    const asked: string[] = [];
    const routes = goodWeb();
    routes[HOST] = routes[`${HOST}/mcp`] ?? {};
    delete routes[`${HOST}/mcp`];
    expect(await new Connector(MCP_URL, { fetch: web(routes, asked) }).discover()).toMatchObject({
      ok: true,
      issuer: ISSUER,
    });
    expect(asked).toEqual([
      `POST ${MCP_URL}`,
      `GET ${HOST}/mcp`,
      `GET ${HOST}`,
      'GET https://sso.example.com/.well-known/oauth-authorization-server/realms/demo',
      'GET https://sso.example.com/.well-known/openid-configuration/realms/demo',
      `GET ${SERVER}`,
    ]);
  });

  it('give way to the URL in the challenge', async () => {
    const elsewhere = 'https://mcp.example.com/elsewhere';
    const asked: string[] = [];
    const fetch = web(
      withChanges({
        [MCP_URL]: () => unauthorized(`Bearer resource_metadata="${elsewhere}", scope="a b"`),
        [elsewhere]: resourceMetadata({ scopes_supported: ['a'] }),
      }),
      asked,
    );
    expect(await new Connector(MCP_URL, { fetch }).discover()).toMatchObject({ ok: true, scopes: ['a'] });
    expect(asked.slice(0, 2)).toEqual([`POST ${MCP_URL}`, `GET ${elsewhere}`]);
  });
});

describe('a connector is stopped by', () => {
  it.each(refusals)('%s', async (_name, changes, expected) => {
    const result = await new Connector(MCP_URL, { fetch: web(withChanges(changes)) }).connect(USER);
    expect(result).toMatchObject({ ok: false, ...expected });
  });

  it('nobody at all', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed'));
    const result = await new Connector(MCP_URL, { fetch }).connect(USER);
    expect(result).toMatchObject({ ok: false, stage: 'challenge', status: 0, error: 'network_error' });
  });

  it('a resource above the one that was typed, where the product is strict', async () => {
    const fetch = web(
      withChanges({ [`${HOST}/mcp`]: resourceMetadata({ resource: 'https://mcp.example.com' }) }),
    );
    expect(await new Connector(MCP_URL, { fetch }).discover()).toMatchObject({ ok: true });
    const strict = await new Connector(MCP_URL, { fetch, product: CLAUDE }).discover();
    expect(strict).toMatchObject({ stage: 'resource-metadata', error: 'resource_mismatch' });
  });
});

describe('the SDK client is stopped by', () => {
  const differently: Readonly<Record<string, object>> = {
    // It takes the host itself for the authorization server, and registers there.
    'a host without metadata': { stage: 'registration', status: 404 },
    'metadata with nothing in it': { stage: 'registration', status: 404 },
    'an issuer that is no URL': { stage: 'registration', status: 404 },
    'the metadata URL for an issuer': { stage: 'registration', status: 404 },
    'a host that forbids': { stage: 'challenge', status: 403 },
  };
  const stageOf = (name: string, expected: object) =>
    differently[name] ?? ('stage' in expected ? { stage: expected.stage } : {});

  it.each(refusals.map(([name, changes, expected]) => [name, changes, stageOf(name, expected)] as const))(
    '%s',
    async (_name, changes, expected) => {
      const result = await new SdkConnector(MCP_URL, { fetch: web(withChanges(changes)) }).connect(USER);
      expect(result).toMatchObject({ ok: false, ...expected });
    },
  );
});
