import type { ErrorCode } from '../errors.ts';
import { type Explanation, SEEN } from '../explanation.ts';

/** Errors that end with exit status 5 or above: refused for safety, timed out, interrupted, a bug. */
export const REFUSED: Partial<Record<ErrorCode, Explanation>> = {
  CONSENT_NEEDED: {
    what: 'The command would do something that needs a person’s consent. Nothing was changed.',
    cause:
      'It would take access from clients, replace another server’s audience, close a registration that is open to anybody, restore a client that no seal of the realm stands for, change the realm master, or it needs an answer and there is no terminal.',
    fix: '--dry-run shows the whole plan, for apply mcpkc plan with the same options; --yes agrees to it.',
    sources: [],
  },
  PLAIN_HTTP: {
    what: 'A secret would have gone over plain http to another machine; it was not sent.',
    cause: 'KC_SERVER begins with http:// and isn’t this machine.',
    fix: 'Use https, or a tunnel to 127.0.0.1. Where the network in between is trusted: --allow-http (MCPKC_ALLOW_HTTP=true).',
    sources: ['RFC 6749 §3.2'],
  },
  PROFILE_MISMATCH: {
    what: 'A file of MCP servers names another server or realm than the profile does. Nothing was sent there.',
    cause:
      'Server, account and secret come from the profile; what the file has of them is compared, never followed. Else a change of the file could send a secret elsewhere.',
    fix: 'Correct the file, or name the profile of that server. A realm of the file is followed only where the profile names none (no KC_REALM) and its account is one of master (KC_ADMIN_REALM).',
    sources: [],
  },
  PLAN_MOVED: {
    what: 'The realm is no longer as the plan was made for: what would be written now is another plan. Nothing was written.',
    cause:
      'Somebody else changed the realm since, by hand or with mcpkc, or the plan was carried out already.',
    fix: 'Make a new plan and look at it: mcpkc plan --json > plan.json. Then: mcpkc apply --plan plan.json (exactly that one, or nothing).',
    sources: [],
  },
  FOLDER_NOT_TRUSTED: {
    what: 'A secret would have gone to a server, or over a connection, that only a file in the current folder names. It was not sent.',
    cause:
      'A folder that was cloned or unpacked may hold a configuration of somebody else’s making. A secret goes to the server that stands with it in the same file, or that a flag or the environment names.',
    fix: 'If the server is right, name it: --server, KC_SERVER in the environment, or in the file that holds the secret. The message prints the line. A folder whose files mcpkc init wrote, by the same user, is trusted as long as they name the same server and authority.',
    sources: [],
  },
  SCOPE_TAKEN: {
    what: 'The scope’s name belongs to another MCP server: taking it over would cut that server’s clients off. Nothing was changed.',
    cause: 'Two servers share the first label of their host, or MCP_SCOPE_NAME is that of another server.',
    fix: 'Use the free name that the message proposes (--scope). If the other server is gone: --replace-audience --yes.',
    sources: [],
  },
  SCOPE_IN_POLICY: {
    what: 'A client policy of somebody else’s names the scope that is to be removed. Nothing was changed.',
    cause: 'Were the scope deleted, Keycloak would refuse every later edit of the realm’s client policies.',
    fix: 'Take the scope out of that policy (Realm settings, Client policies), then run the command again.',
    sources: [SEEN],
  },
  POLICIES_BROKEN: {
    what: 'A client policy or profile of the realm names something that is gone: a profile, a client scope, or a condition or executor of a feature that is off. Keycloak checks the whole list whenever it is written, so it would take no edit. Nothing was changed.',
    cause:
      'A profile or scope was deleted while a policy named it, or Keycloak was restarted without a feature (cimd) that a profile or policy uses.',
    fix: 'Repair or delete what the message names, policies before profiles, all of a list in one edit: Realm settings, Client policies, JSON editor. Then run the command again.',
    sources: [SEEN],
  },
  CLIENT_TAKEN: {
    what: 'A client with the client id that --create-static would make is there, and is something else. Nothing was changed.',
    cause:
      'Anybody who may register can take a client id first. Anybody who made the client has its secret, and chose its redirect URIs, grants and mappers.',
    fix: 'Look at it: mcpkc status --clients. If it is yours, name it with --client; else delete it, or choose another client id.',
    sources: [SEEN],
  },
  ROLE_COMPOSITE: {
    what: 'An MCP server was to be bound to a role that contains other roles. Nothing was changed.',
    cause:
      'Keycloak reads a role that a client scope maps downwards: it lets in anybody who has one of the roles in it. With a role that contains offline_access, everybody would get in.',
    fix: 'Name a role that contains none; one that isn’t there is made. Put it into the composite role: anybody who has that has it then, too.',
    sources: [SEEN],
  },
  CLIENT_ID_UNSAFE: {
    what: 'A client has an internal id that Keycloak did not make. Nothing was sent to that client.',
    cause:
      'The endpoint `clients-registrations/default` lets a registrant choose the internal id. With `..` a request to the client would be one to the realm itself. An import may have chosen the id, too.',
    fix: 'Leave the client alone: it holds nothing that mcpkc granted. To remove it, delete it in the database or, where the registrant is known, by its registration access token.',
    sources: [SEEN],
  },
  MAPPER_REFUSED: {
    what: 'A client policy of the realm, or a global one of the server, refuses the audience mapper, even to administrators.',
    cause:
      'From Keycloak 26.8 on client policies judge protocol mappers that the admin API writes, too; a policy with an executor for allowed protocol mappers doesn’t list oidc-audience-mapper.',
    fix: 'Realm settings, Client policies: let the profile allow oidc-audience-mapper, or let the policy spare the scopes that mcpkc makes. Then run the command again.',
    sources: ['https://github.com/keycloak/keycloak/issues/50131'],
  },
  POLICIES_PUT_BACK: {
    what: 'mcpkc wrote its client policies, read them back and rehearsed what wrong ones break: a token of its account, and sign-ins up to the login page. Something failed, so the policies were put back as they were. The next command that writes does the same for policies which a killed run left untried.',
    cause:
      'Keycloak, a proxy or another editor kept something else than what was written; or this server reads the policies otherwise than the servers that they were verified on.',
    fix: 'The message names the step that failed and why, and whether it fails without the policies, too. --no-harden provisions without them.',
    sources: [SEEN],
  },
  SEVERAL_NEWCOMERS: {
    what: 'More than one client may be the connector that was waited for, and nothing tells which. None was adopted, and none holds the audience.',
    cause: 'Two people connected at the same time, or somebody else registered as the same product.',
    fix: 'Choose one: mcpkc onboard <resource> <client id>. The message lists them.',
    sources: [],
  },
  LOCK_HELD: {
    what: 'Another run of mcpkc edits the same realm and did not finish within 75 seconds.',
    cause: 'A long plan, or a run that hangs. The realm role mcpkc-lock shows who holds it, and until when.',
    fix: 'Run the command again when that run is done. A lock that isn’t renewed for a minute is taken over, whatever time stands in it.',
    sources: [SEEN],
  },
  LOCK_LOST: {
    what: 'This run was held up, or its lock was removed, so that another run may have edited the realm at the same time.',
    cause:
      'The process or the machine was stopped (a laptop that slept), Keycloak could not be reached for a while, or somebody deleted the realm role mcpkc-lock. A lock is good for a minute, and renewed every 20 seconds.',
    fix: 'Run the command again: it begins from what is there now. Where the message names another run, run that command again, too.',
    sources: [SEEN],
  },
  OLD_WINDOW: {
    what: 'A run of mcpkc 0.1.0 opened a window for this scope and may still wait for its connector. Nothing was changed.',
    cause: 'Somebody is connecting a product with the older version right now.',
    fix: 'Wait until that is done. --yes ends the window; the other run then adopts nothing.',
    sources: [],
  },
  LIMIT_EXCEEDED: {
    what: 'The command would have removed more than its limit allows. Nothing was changed.',
    cause: 'Many clients look unused at once, which may as well mean that the evidence is incomplete.',
    fix: 'Look at the list first; --max <n> raises the limit for this run.',
    sources: [],
  },
  FILE_EXISTS: {
    what: 'A file that the command would write is there with other content.',
    cause: 'An earlier run, another realm’s settings, or edits by hand.',
    fix: '--force replaces it. Or run the command in another folder.',
    sources: [],
  },
  REALM_PROTECTED: {
    what: 'The command doesn’t work on the realm master, which administers all others.',
    cause: 'KC_REALM (or --realm) is master.',
    fix: 'Name the realm that the MCP server’s users are in.',
    sources: [],
  },
  NOTHING_ADOPTED: {
    what: 'No client came in time that could be adopted, or nobody signed in with one. None holds the audience.',
    cause:
      'The product wasn’t connected meanwhile, its registration was refused, or what registered is none of the products that were named.',
    fix: 'mcpkc status shows what would refuse it, and what was refused lately. Then again, with --timeout if you need longer.',
    sources: [],
  },
  BUG: {
    what: 'mcpkc met something that it doesn’t know how to deal with.',
    cause: 'A fault in mcpkc.',
    fix: 'Please report it with the lines below the message; they hold no secrets. Commands that write can be run again: they do what is left to do.',
    sources: [],
  },
  HUNG_UP: {
    what: 'The terminal went away (SIGHUP) while the command ran; it cleaned up and stopped.',
    cause: 'A closed window or a lost connection.',
    fix: 'Run the command again to finish what it began; for long runs, in tmux or under nohup.',
    sources: [],
  },
  INTERRUPTED: {
    what: 'The command was interrupted (Ctrl-C, SIGINT); it cleaned up and stopped.',
    cause: 'Somebody pressed Ctrl-C, or sent SIGINT.',
    fix: 'Run the command again to finish what it began.',
    sources: [],
  },
  TERMINATED: {
    what: 'The command was told to end (SIGTERM); it cleaned up and stopped.',
    cause: 'A supervisor, a time limit of a CI job, a shutdown.',
    fix: 'Run the command again to finish what it began.',
    sources: [],
  },
};
