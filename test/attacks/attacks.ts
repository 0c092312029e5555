/** An attack that is played against a real Keycloak, in the file of its number. */
export interface Attack {
  /** Its number: stays for good, and begins the name of its test file (`C1` → `c1-….test.ts`). */
  id: string;
  /** What the attacker does, as a sentence. */
  attack: string;
  /** What holds, as a sentence. */
  holds: string;
  /** Whether it can't happen (`prevented`), is reported by a command (`found`), or is only said (`open`). */
  outcome: 'prevented' | 'found' | 'open';
}

/**
 * The numbered attacks, one row and one file each. The block `attacks` of docs/security-model.md is made from them
 * (`npm run docs`); test/unit/attacks.test.ts compares them with the files in this folder.
 */
export const ATTACKS: readonly Attack[] = [
  {
    id: 'C1',
    attack:
      'A stranger registers the client id of the account first, with a secret of his own, then the operator runs `init`.',
    holds:
      '`init` takes over a client only where an administrator’s hand shows. Any other is refused (exit status 5), or with consent deleted and made anew; registration access tokens are dead after every run.',
    outcome: 'prevented',
  },
  {
    id: 'C3',
    attack:
      'A user of the realm registers a client whose mapper puts an attribute that users change themselves into `sub` or `aud`, and signs in as somebody else.',
    holds:
      'Registrations bring no mapper but the pairwise subject; clients that did before are an error in `status --clients`.',
    outcome: 'prevented',
  },
  {
    id: 'I1',
    attack:
      'A stranger registers a client whose internal id is `..`: what is sent to `clients/..` reaches the realm itself.',
    holds:
      'Nothing is written to a client whose internal id is no UUID; `status` and `prune-clients` say so.',
    outcome: 'prevented',
  },
  {
    id: 'C4',
    attack:
      'A cloned folder names a server; an administrator’s password, token or client secret is in the environment or a file.',
    holds:
      '`init` sends nothing to a server that only a file in the current folder names: exit status 5, with the line that makes it right.',
    outcome: 'prevented',
  },
  {
    id: 'H1',
    attack:
      'A cloned folder names a server for a secret from elsewhere, a secret file of the user (by a link too), authorities, or plain http.',
    holds:
      'A secret goes to the server that stands with it in the same file, or that flag or environment name; everything else is refused.',
    outcome: 'prevented',
  },
  {
    id: 'H3',
    attack:
      'An MCP server that is validated keeps the tokens that it is sent, and uses them at another server of the realm.',
    holds:
      'A token leaves only where its one audience is this server, or nobody: the one that is sent is of a client that the admin API makes for the run.',
    outcome: 'prevented',
  },
  {
    id: 'M3',
    attack:
      'The metadata of a public MCP server names endpoints on loopback and private addresses, in any spelling and behind names.',
    holds:
      'From a public server nothing is sent to an address that is not public but the configured Keycloak, without `--allow-private`.',
    outcome: 'prevented',
  },
  {
    id: 'M1',
    attack:
      'A client’s name starts a GitHub workflow command, at a line’s start after wrapping or anywhere in it.',
    holds: 'Strangers’ text is shown so that no CI runner obeys it, in text and JSON, at every width.',
    outcome: 'prevented',
  },
  {
    id: 'M2',
    attack:
      'A stranger registers `<victim>,evil`, so that a printed command line takes the scope from the victim.',
    holds:
      'A printed command line names the id whole: commas, blanks, dashes and invisible characters are typed so that mcpkc reads them back.',
    outcome: 'prevented',
  },
  {
    id: 'C2',
    attack:
      'While a connector is waited for, a stranger registers a client that is marked as adopted, or changes one from before, to get the audience.',
    holds:
      'The audience is a hidden scope that the admin API alone attaches, to clients that were judged; what a client says about itself decides nothing.',
    outcome: 'prevented',
  },
  {
    id: 'H2',
    attack:
      'An adopted client changes itself by its registration access token: redirects to anywhere, client credentials, implicit.',
    holds: 'That token is withdrawn before the client is judged and adopted.',
    outcome: 'prevented',
  },
  {
    id: 'H8',
    attack:
      'The registrant changes his client all the time while it is adopted: a change that is under way while his registration access token is revoked writes a new one over it. Or he draws a change out, so that Keycloak can’t revoke it.',
    holds:
      'The token that replaced his shows a second later whether his is dead. A client whose registrant has a token all the same loses the audience and is judged anew, three times at most; one that can’t be revoked never gets it, and keeps nobody else waiting.',
    outcome: 'prevented',
  },
  {
    id: 'M6',
    attack: 'Six registrations alike, the first the attacker’s: it is taken for the connector.',
    holds:
      'The one that signs in keeps the audience, all others lose it and are named with time and address; `--user` counts one person’s sign-in alone.',
    outcome: 'prevented',
  },
  {
    id: 'M5',
    attack:
      'A self-registered client that an operator detaches puts the scope back by its registration access token.',
    holds: 'The token is withdrawn before the scope is taken: it stays detached.',
    outcome: 'prevented',
  },
  {
    id: 'H6',
    attack:
      'A stranger registers the client id that an operator will name (`--client`, `OIDC_AUDIENCE`, `--create-static`, `onboard`).',
    holds:
      'A named client that registered itself and that no adoption would accept is shown, and gets nothing without `--yes`; `--create-static` never takes it.',
    outcome: 'prevented',
  },
  {
    id: 'P1',
    attack:
      'A stranger registers the URL of a product’s metadata document, the client id that `allow` would make, or an MCP server’s URL first, and keeps the registration access token.',
    holds:
      '`allow` shows such a client and takes none over: with `--yes` it is deleted and made anew, so that the token is dead. What is mcpkc’s is proved by an attribute that no registrant reads. `status` finds the ids.',
    outcome: 'prevented',
  },
  {
    id: 'R',
    attack:
      'A stranger registers the client id of mcpkc’s record first, with entries that say that his clients are adopted and kept.',
    holds:
      'The record is the client that a realm role proves, which no registrant writes. His is never read, and is deleted.',
    outcome: 'prevented',
  },
  {
    id: 'H5',
    attack:
      'A client that registered itself is in use by client credentials, which leave no session, no consent, and no event where CLIENT_LOGIN is not stored; `prune-clients` takes it for an orphan.',
    holds: 'A client with a grant that leaves no trace in what is stored is undecided, and is kept.',
    outcome: 'prevented',
  },
  {
    id: 'L2',
    attack:
      'Strangers register clients with client ids of their own choosing, which look like a person’s and are never pruned, until the realm is full.',
    holds:
      'They are judged like others: their registration’s event tells them from an administrator’s clients.',
    outcome: 'prevented',
  },
  {
    id: 'M4',
    attack:
      'A backup file of somebody’s making, of another server, or changed by hand is given to `prune-clients --restore`; or a stranger takes the id of the deleted client.',
    holds:
      'Lines are sealed with a key of the realm. What has no seal, or would not be adopted, needs `--yes`, is shown with redirect URIs, grants, scopes, mappers, and brings what a registration can.',
    outcome: 'prevented',
  },
  {
    id: 'M7',
    attack:
      'The run that holds the lock is suspended, its lease runs out, another run edits the same list, and it wakes. Or a lock without an end blocks every run.',
    holds:
      'The lease is looked at by a monotonic clock right before each write: nothing more is written, and the run says so. A lock that nobody renews is taken over.',
    outcome: 'prevented',
  },
  {
    id: 'H4',
    attack:
      'An MCP server uses the tokens that it is sent at another MCP server of the realm, as the person who signed in.',
    holds:
      'A second server that every client gets the audience of takes `--yes`; `status` says that tokens are shared, with the cures.',
    outcome: 'found',
  },
  {
    id: 'M8',
    attack:
      'A stranger who controls a page at the MCP server’s own host registers a client that has codes sent there.',
    holds:
      'The host has no redirect pattern (Keycloak 26.7), or is not trusted (before); one that was opened by name is found.',
    outcome: 'prevented',
  },
  {
    id: 'P2',
    attack:
      'A stranger registers clients that look like probes of mcpkc, and clients whose internal id is a path, so that no command hardens the realm, and `status` is silent about what they may do.',
    holds:
      'Nothing is sent to an internal id that Keycloak didn’t make, and such a client stops no command. The mark of a probe hides nobody who holds an audience.',
    outcome: 'prevented',
  },
  {
    id: 'H7',
    attack:
      'Before the realm is hardened a stranger registers a client with client credentials and without any sign-in: what refuses tokens without a user goes by S256, which it hasn’t.',
    holds:
      'It is counted and named, the refusal is left out until `--yes`, and with it the client gets the setting; `status --clients` says who may do without a user.',
    outcome: 'prevented',
  },
  {
    id: 'A1',
    attack:
      'A stranger registers a client whose client id is the MCP server’s URL: its ID tokens, and with roles that it brings the access tokens of every application with full scope, name the MCP server in `aud`.',
    holds:
      'Where strangers may register, `create-scope`, `onboard`, `allow` and `apply` make a bearer-only client of that id, which nobody can change or register. Taken before, it is found (RESOURCE_ID_TAKEN), named, and made anew with consent; free, it is found (RESOURCE_ID_FREE).',
    outcome: 'prevented',
  },
  {
    id: 'W1',
    attack:
      'A stranger tries all the time to register, and gets in between the moment that a command trusts the first host and the moment that it hardens the realm, or on the way back.',
    holds:
      'Mapper types and client policies are written before the first host is trusted, and removed after the realm is shut again.',
    outcome: 'prevented',
  },
  {
    id: 'T1',
    attack:
      'A registrant gives his client attributes that change its tokens: lifetimes of its own, which outlast what `connections --revoke` ends, and a meaning of its own for `acr`, which makes a password look like a second factor.',
    holds:
      'No such client is adopted, and one that is named needs `--yes`; in mode standing it is found (HOLDER_EXCEEDS). A proxy that closes `clients-registrations/default` keeps such attributes out.',
    outcome: 'found',
  },
];
