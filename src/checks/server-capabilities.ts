import { connectionText } from '../products/connection.ts';
import { type Check, fail, pass, skipped, warn } from './check.ts';
import { listStrings } from './exchange.ts';
import { connectionOf } from './product-ways.ts';
import { judgeBy } from './step.ts';

const RFC8414 = 'RFC 8414 §2';

export const pkce: Check = {
  id: 'ASM-PKCE',
  title: 'PKCE with S256 is advertised',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: 'MCP 2026-07-28, Authorization; RFC 7636; RFC 8414 §2',
  cause: 'MCP clients must refuse a server whose code_challenge_methods_supported has no S256.',
  fix: 'Keycloak advertises it on its own: look for a proxy that serves metadata of its own.',
  judge: judgeBy('server-metadata', ({ document, found }) => {
    const methods = listStrings(document.code_challenge_methods_supported);
    const exchanges = [found];
    if (methods.includes('S256')) return pass(methods.join(' '), { exchanges });
    return fail(`code_challenge_methods_supported is ${methods.join(' ') || 'absent'}.`, { exchanges });
  }),
};

const methodsOf = (document: Readonly<Record<string, unknown>>) =>
  listStrings(document.token_endpoint_auth_methods_supported);

export const authBasic: Check = {
  id: 'ASM-AUTH-BASIC',
  title: 'HTTP Basic at the token endpoint is advertised',
  severity: 'must',
  needs: ['ASM-FOUND'],
  spec: `${RFC8414}; RFC 6749 §2.3.1`,
  cause: 'ChatGPT authenticates with client_secret_basic.',
  fix: 'Keycloak advertises it on its own: look for a proxy that serves metadata of its own.',
  judge: judgeBy('server-metadata', ({ document, found }) => {
    const exchanges = [found];
    if (methodsOf(document).includes('client_secret_basic'))
      return pass('client_secret_basic is there.', { exchanges });
    return fail(`token_endpoint_auth_methods_supported is ${methodsOf(document).join(' ') || 'absent'}.`, {
      exchanges,
    });
  }),
};

export const authNone: Check = {
  id: 'ASM-AUTH-NONE',
  title: 'Public clients are advertised, or accepted all the same',
  severity: 'info',
  needs: ['ASM-FOUND', 'REG-PLAIN'],
  spec: RFC8414,
  cause: 'Command-line and desktop products register as public clients (token_endpoint_auth_method none).',
  fix: 'Look for a client policy, or a proxy, that refuses public clients.',
  judge: judgeBy('server-metadata', ({ document, found }, { parts, target }) => {
    const { publicClient } = parts.registration ?? {};
    const exchanges = [found, publicClient?.exchange];
    if (methodsOf(document).includes('none'))
      return pass('Public clients (method none) are advertised.', { exchanges });
    const silent = 'token_endpoint_auth_methods_supported has no none, as in stock Keycloak';
    if (publicClient?.client)
      return pass(`${silent}; a public client is accepted all the same.`, { exchanges });
    if (target.noRegistration || target.client || parts.registration?.isShut)
      return skipped('This takes a probe registration, and none is sent.');
    return fail(`${silent}, and a public client is refused.`, { exchanges });
  }),
};

export const iss: Check = {
  id: 'ASM-ISS',
  title: 'The issuer is named in authorization responses',
  severity: 'should',
  needs: ['ASM-FOUND'],
  spec: 'RFC 9207 §2, §3',
  cause:
    'Without iss ChatGPT uses another redirect URI, one per connection, and clients can’t tell servers apart; advertised and then missing, they refuse the response.',
  fix: "Keycloak does it on its own: look at the client’s setting 'Exclude Issuer From Authentication Response', or for a proxy that rewrites redirects.",
  judge: judgeBy('server-metadata', ({ document, found, asked }, { parts }) => {
    const refused = parts.authorization?.badScope;
    const exchanges = [found, refused];
    if (document.authorization_response_iss_parameter_supported !== true) {
      return fail('authorization_response_iss_parameter_supported is not true.', { exchanges });
    }
    const location = URL.parse(refused?.headers.get('location') ?? '');
    if (!location)
      return warn(
        'The iss parameter is advertised; no error response could be had to see whether it is true.',
        {
          exchanges,
        },
      );
    const named = location.searchParams.get('iss');
    if (named === asked) return pass('Advertised, and in an error response too.', { exchanges });
    return fail(`An error response names ${named ?? 'no issuer'}.`, { exchanges });
  }),
};

export const cimd: Check = {
  id: 'ASM-CIMD',
  title: 'The way by which products connect where metadata documents are advertised is open',
  severity: 'info',
  needs: ['ASM-FOUND'],
  spec: 'draft-ietf-oauth-client-id-metadata-document; measured on Keycloak 26.7.4',
  cause:
    'Where documents are advertised, products that have one don’t register: the URL of the document is their client id. Keycloak 26.7 refuses ChatGPT’s and Claude’s, and takes the others by a client policy alone.',
  fix: 'mcpkc allow makes the client that such a product uses; mcpkc status shows which product has none.',
  judge: judgeBy('server-metadata', ({ document, found }, { target, parts }) => {
    const exchanges = [found];
    if (document.client_id_metadata_document_supported !== true)
      return pass('Metadata documents are not advertised: products register.', { exchanges });
    const using = target.presets.filter(({ cimdUrl }) => cimdUrl !== undefined);
    if (using.length === 0)
      return pass('Advertised; the chosen products have none, and register.', { exchanges });
    const ways = parts.registration?.presets ?? [];
    const told = using.map((preset) => {
      const own = ways.find((one) => one.preset === preset);
      return `${preset.title} ${own ? `connects ${connectionText(connectionOf(own.way))}` : 'uses its document'}`;
    });
    const message = `Metadata documents are advertised: ${told.join('; ')}.`;
    const isKnown = using.every((preset) => {
      const way = ways.find((one) => one.preset === preset)?.way;
      return way !== undefined && ['document-pinned', 'client'].includes(connectionOf(way).way);
    });
    return isKnown ? pass(message, { exchanges }) : warn(message, { exchanges });
  }),
};
