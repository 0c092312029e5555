import type { Representation } from './keycloak/snapshot.ts';

/** Something that mcpkc reads from a realm. */
export interface Reading {
  what: string;
  /** Who can write it: a `stranger` reaches the realm's public address; a `user` has an account in the realm. */
  who: 'stranger' | 'user' | 'administrator' | 'Keycloak';
  /** What is decided by it; `nothing` where it is only shown. */
  decides: string;
  /**
   * Of what a stranger writes: a registration at `clients-registrations/default` that sets it to the worst value. A test
   * registers each, and no role, scope, verdict of another client or printed command changes.
   */
  worst?: (victim: string, canary: string) => Representation;
  /** The status that Keycloak refuses that registration with, where it does. */
  refused?: number;
}

const MARKS = {
  'mcpkc.adopted': 'mcp-resource-svc',
  'mcpkc.keep': 'true',
  'mcpkc.prune': 'disabled 2020-01-01T00:00:00Z',
  'mcpkc.first-seen': '2020-01-01T00:00:00Z after 2019-01-01T00:00:00Z',
  'mcpkc.last-seen': '2030-01-01T00:00:00Z',
  'mcpkc.proof': '00000000-0000-4000-8000-000000000000',
};

const mapper = (protocolMapper: string, config: Record<string, string>) => ({
  name: `to-${Object.values(config).join('-')}`,
  protocol: 'openid-connect',
  protocolMapper,
  config: { 'access.token.claim': 'true', ...config },
});

/** Everything that mcpkc reads from a realm, and who can write it. The block `readings` of docs/security-model.md. */
export const READINGS: readonly Reading[] = [
  {
    what: 'a client’s client id',
    who: 'stranger',
    decides: 'nothing on its own: who is named by a person is judged',
    worst: (victim, canary) => ({ clientId: `${victim},--yes;$(touch ${canary})\n\`id\`` }),
  },
  {
    what: 'a client’s internal id',
    who: 'stranger',
    decides: 'where a request goes, if it is a UUID; nothing is sent to another',
    // Internal ids are one of a kind on a server, and attack I1 takes the plainer ones.
    worst: () => ({ clientId: 'its-id-is-a-path', id: '../client-scopes' }),
  },
  {
    what: 'a client’s name',
    who: 'stranger',
    decides: 'which of several products with the same redirect URIs it is',
    worst: () => ({ clientId: 'named', name: 'ChatGPT\u001b[31m ::set-output name=x::y\u202e' }),
  },
  {
    what: 'a client’s redirect URIs (trusted hosts only)',
    who: 'stranger',
    decides: 'which product it is; codes go there, and a wildcard is refused',
    worst: () => ({ clientId: 'wild', redirectUris: ['https://chatgpt.com/*'] }),
  },
  {
    what: 'a client’s grants',
    who: 'stranger',
    decides: 'that it is not adopted; HOLDER_EXCEEDS',
    worst: () => ({
      clientId: 'grants',
      serviceAccountsEnabled: true,
      directAccessGrantsEnabled: true,
      implicitFlowEnabled: true,
    }),
  },
  {
    what: 'a client’s attributes mcpkc.*',
    who: 'stranger',
    decides: 'nothing; MARKS_ON_CLIENTS',
    worst: () => ({ clientId: 'marked', attributes: MARKS }),
  },
  {
    what: 'a client’s other attributes (when its secret was made, its document, its terms)',
    who: 'stranger',
    decides: 'that it is older or younger, a document’s or a probe: never that it is used or adopted',
    worst: () => ({
      clientId: 'https://chatgpt.com/oauth/not-its-document.json',
      attributes: {
        'client.secret.creation.time': '1000000000',
        'cimd.cache.expiry.time.in.sec': '2147483647',
        tosUri: 'https://mcpkc.invalid/probe/another-run',
        'pkce.code.challenge.method': '',
      },
    }),
  },
  {
    what: 'a client’s protocol mappers (where the policy lets them in)',
    who: 'stranger',
    decides: 'that it is not adopted; CLIENT_OWN_MAPPERS',
    worst: () => ({
      clientId: 'mappers',
      protocolMappers: [
        mapper('oidc-usermodel-attribute-mapper', { 'user.attribute': 'lastName', 'claim.name': 'sub' }),
      ],
    }),
  },
  {
    what: 'a client’s scopes (the realm’s lists only)',
    who: 'stranger',
    decides: 'that it holds an audience of mode standing, as everybody may',
    worst: () => ({ clientId: 'scopes', defaultClientScopes: ['basic', 'mcp-resource-svc'] }),
  },
  {
    what: 'whether a client is enabled (26.4: also later)',
    who: 'stranger',
    decides: 'that it is not adopted, nor pruned where pruning did not disable it',
    worst: () => ({ clientId: 'disabled', enabled: false }),
  },
  {
    what: 'a client with the client id of mcpkc’s record',
    who: 'stranger',
    decides: 'nothing: the role proves the record',
    worst: () => ({ clientId: 'mcpkc-record', attributes: MARKS }),
    // The record is there once something was written; attack R comes first.
    refused: 400,
  },
  {
    what: 'a client’s roles',
    who: 'stranger',
    decides: 'nothing: never read',
    worst: () => ({ clientId: 'roles', defaultRoles: ['manage-realm', 'mcpkc-lock', 'mcpkc-record'] }),
  },
  {
    what: 'whether the registration access token that replaced a registrant’s still lives',
    who: 'stranger',
    decides: 'that his client is not adopted: attack H8',
  },
  {
    what: 'events: types, times, client ids, addresses',
    who: 'stranger',
    decides: 'that a client is used (never that it is not), that a newcomer is looked at',
  },
  {
    what: 'users’ consents and sessions',
    who: 'user',
    decides: 'that a client is used; which newcomer signed in',
  },
  { what: 'users’ names', who: 'user', decides: 'nothing: --user finds one by its exact user name' },
  {
    what: 'client scopes: attributes mcpkc.*, mappers, the realm’s lists',
    who: 'administrator',
    decides: 'the mode, the resource, who holds an audience',
  },
  { what: 'roles mapped to a scope', who: 'administrator', decides: 'who may use an MCP server' },
  {
    what: 'registration policies, client policies and profiles',
    who: 'administrator',
    decides: 'what is planned and found',
  },
  {
    what: 'the realm role mcpkc-record and the client that it proves',
    who: 'administrator',
    decides: 'who was adopted, kept, seen; how things were before',
  },
  { what: 'the realm role mcpkc-lock', who: 'administrator', decides: 'whether another run edits the realm' },
  {
    what: 'which events are stored, the server’s version and features, the issuer’s metadata',
    who: 'administrator',
    decides: 'what is planned and found',
  },
  { what: 'mcpkc’s own token', who: 'Keycloak', decides: 'which roles the account has' },
];
