import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const SOURCE = 'https://github.com/microsoft/vscode/blob/main/src/vs/base/common/oauth.ts';

/** Visual Studio Code and its editions. */
export const vscode: Preset = {
  name: 'vscode',
  title: 'Visual Studio Code',
  clientNames: ['Visual Studio Code', 'Code - OSS'],
  // "Visual Studio Code - Insiders", "Visual Studio Code - Exploration".
  clientNamePrefixes: ['Visual Studio Code - '],
  redirectUris: [
    redirect('https://vscode.dev/redirect'),
    redirect('https://insiders.vscode.dev/redirect'),
    redirect('http://127.0.0.1/'),
    redirect('http://127.0.0.1:33418/'),
  ],
  trustedHosts: ['vscode.dev', 'insiders.vscode.dev', 'code.visualstudio.com', '127.0.0.1'],
  clientUri: 'https://code.visualstudio.com',
  sendsScope: 'yes',
  scopes: { from: ['challenge', 'metadata'], offline: false, registers: 'same' },
  cimdUrl: 'https://vscode.dev/oauth/client-metadata.json',
  cimdReadable: 'yes',
  registration: {
    client_name: 'Visual Studio Code',
    client_uri: 'https://code.visualstudio.com',
    // Those of its three that the server advertises; Keycloak advertises all.
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    redirect_uris: [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'exact',
  registersTwice: 'no',
  registersPerLogin: 'no',
  reregisters: 'unknown',
  connect: [
    'Run the command MCP: Add Server, choose HTTP, enter {mcp} and the name {name}.',
    'Start the server in the list of MCP servers, allow the sign-in, and say yes on the consent page.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      'Run the command MCP: Add Server, choose HTTP, enter {mcp} and the name {name}.',
      'Start the server in the list of MCP servers. Where registration is refused it asks for a client id: enter {client-id}, and leave the secret empty.',
      'Sign in, and say yes on the consent page.',
    ],
  },
  notes: [
    'Older versions ask for all that the authorization server advertises where the MCP server names no scope.',
    'Keeps its registration per authorization server and machine, and names the scopes that the host’s metadata lists.',
    'Registers for the device grant too, since Keycloak advertises it, and is adopted with it: anybody who gets a user to confirm a code that somebody else started gets that user’s token.',
    'Its client_uri is checked by Trusted Hosts: without code.visualstudio.com every registration is refused.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: SOURCE,
      what: 'the body of the registration: redirect URIs, client_uri, grants, scope, port 33418',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://vscode.dev/oauth/client-metadata.json',
      what: 'metadata document, as named in Keycloak’s guide for MCP servers (next source)',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://www.keycloak.org/securing-apps/mcp-authz-server',
      what: 'Visual Studio Code’s metadata document with Keycloak',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/microsoft/vscode/issues/257415',
      what: 'it asks for a client id where it can’t register',
      seen: '2026-11-27',
      certainty: 'secondary',
    },
  ],
};
