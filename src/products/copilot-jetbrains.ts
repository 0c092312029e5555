import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** GitHub Copilot in JetBrains’ editors. */
export const copilotJetbrains: Preset = {
  name: 'copilot-jetbrains',
  title: 'GitHub Copilot (JetBrains)',
  clientNames: [],
  redirectUris: [redirect('http://127.0.0.1:33428/callback'), redirect('http://127.0.0.1/callback')],
  trustedHosts: ['127.0.0.1'],
  sendsScope: 'unknown',
  scopes: { from: ['challenge', 'metadata'], offline: false, registers: 'same' },
  registration: {
    client_name: 'GitHub Copilot',
    redirect_uris: ['http://127.0.0.1:33428/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'unknown',
  registersTwice: 'unknown',
  registersPerLogin: 'unknown',
  reregisters: 'unknown',
  connect: [
    'In the editor, open Tools, GitHub Copilot, Edit Settings, Model Context Protocol (MCP), and choose Configure.',
    'Write `{"servers":{"{name}":{"type":"http","url":"{mcp}"}}}` into mcp.json.',
    'Start the server there, sign in, and say yes on the consent page.',
  ],
  notes: [
    'The name that it registers with is not known, so it is told by its port 33428 alone.',
    'Where registration is refused it asks for a client id: one made beforehand works.',
  ],
  sources: [
    {
      url: 'https://github.com/microsoft/copilot-intellij-feedback/issues/2041',
      what: 'redirect URIs, and that it asks for a client id; not run',
      seen: '2026-11-27',
      certainty: 'secondary',
    },
  ],
};
