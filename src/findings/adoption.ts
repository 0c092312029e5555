import { SEEN } from '../explanation.ts';
import { audiencesOf } from '../realm/audiences.ts';
import { realmListOf } from '../realm/lists.ts';
import { audienceScopeOf, HIDDEN } from '../realm/mcp-scope.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { openedBy } from '../realm/window-mark.ts';
import type { Found, Rule, RuleGroup } from './finding.ts';
import { repair } from './fixes.ts';
import { listServers, realmOf, type Seen } from './seen.ts';

/** The resources of mode adopted that have an audience scope, with that scope. */
function moved(seen: Seen) {
  return listServers(seen).flatMap((judged) => {
    const audience = judged.mode === 'adopted' ? audienceScopeOf(realmOf(seen), judged.scope) : undefined;
    return audience ? [{ judged, audience }] : [];
  });
}

/** Restores the mode that is meant, also where nothing marks it. */
const adoptedMode = (seen: Seen, judged: PresentServer) => repair(seen, judged, [['--attach', 'none']]);

const exposed: Rule = {
  code: 'AUDIENCE_SCOPE_EXPOSED',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'The hidden scope of an MCP server of mode adopted is in a list of the realm, in its metadata, on the consent page or in tokens. In a list, every client that registers gets the audience; elsewhere strangers learn its name, which a metadata document (CIMD) may then ask for.',
    cause: 'Somebody added the scope to a list, or switched one of its settings, in the admin console.',
    fix: 'mcpkc create-scope for the resource puts it back. mcpkc status --clients lists who holds the audience.',
    sources: [SEEN],
  },
  find: (seen) =>
    moved(seen).flatMap(({ judged, audience }): Found[] => {
      const list = realmListOf(realmOf(seen), audience.name);
      const shown = Object.entries(HIDDEN).filter(([name, value]) => audience.attributes[name] !== value);
      if (list === 'none' && shown.length === 0) return [];
      const what =
        list === 'none'
          ? `is not hidden (${shown.map(([name]) => name).join(', ')})`
          : `is a realm ${list} client scope: every client that registers can get the audience`;
      const message = `The audience scope of '${judged.scope}' ${what}.`;
      return [{ subject: judged.scope, message, fix: repair(seen, judged) }];
    }),
};

const gives: Rule = {
  code: 'NAME_SCOPE_GIVES_AUDIENCE',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'The mode is adopted, but the scope that clients name has an audience mapper itself: anybody who registers with it gets the audience, adopted or not.',
    cause: 'Somebody added the mapper in the admin console.',
    fix: 'mcpkc create-scope for the resource removes that mapper; products’ clients that get the audience by it are adopted first, and others are named before they lose it.',
    sources: [SEEN],
  },
  find: (seen) =>
    moved(seen)
      .filter(({ judged }) => audiencesOf(judged.scopes.named).includes(judged.resource ?? ''))
      .map(({ judged }) => ({
        subject: judged.scope,
        message: `The mode of '${judged.scope}' is adopted, but the scope itself has the audience mapper: every client that names it gets the audience.`,
        fix: repair(seen, judged),
      })),
};

const notOptional: Rule = {
  code: 'NAME_SCOPE_NOT_OPTIONAL',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'The scope that clients name is not an optional client scope of the realm. A product that names it when it registers is refused (403), and at sign-in it is invalid_scope; as a default it is asked of users whose client never named it.',
    cause: 'Somebody moved the scope in the admin console.',
    fix: 'mcpkc create-scope for the resource makes it optional again.',
    sources: [SEEN],
  },
  find: (seen) =>
    moved(seen)
      .filter(({ judged }) => judged.list !== 'optional')
      .map(({ judged }) => ({
        subject: judged.scope,
        message: `The scope '${judged.scope}' is ${judged.list === 'none' ? 'neither a default nor an optional' : 'a default'} client scope of the realm: clients that name it can’t ${judged.list === 'none' ? 'register' : 'leave it out'}.`,
        fix: repair(seen, judged),
      })),
};

const notMoved: Rule = {
  code: 'NOT_MOVED',
  severity: 'warning',
  needs: ['scopes'],
  explanation: {
    what: 'The resource is as mcpkc 0.1.0 left it (mode windowed): one scope, in no list of the realm, held by the clients that it was assigned to. They go on. But a product that names the scope is refused, and new clients can be adopted only once the resource has its hidden audience scope.',
    cause: 'mcpkc was updated, and nothing was written for this resource since.',
    fix: 'mcpkc create-scope --attach none moves it. Products’ clients that hold the audience keep it without a new sign-in; others are listed first, and lose it only with --yes.',
    sources: [SEEN],
  },
  find: (seen) =>
    listServers(seen)
      .filter(({ windowed, window }) => windowed && window === undefined)
      .map((judged) => ({
        subject: judged.scope,
        message: `The scope '${judged.scope}' is as mcpkc 0.1.0 made it: its clients go on, but no product can name it.`,
        fix: adoptedMode(seen, judged),
      })),
};

const oldWindow: Rule = {
  code: 'OLD_WINDOW_OPEN',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'A run of mcpkc 0.1.0 opened a window and nobody closed it: the scope is a realm default, so that every client which registers gets the MCP server’s audience.',
    cause: 'That run was killed, or still waits; this version opens no windows.',
    fix: 'mcpkc onboard <resource> --close ends it and moves the resource to mode adopted. Clients that came meanwhile and are no known product’s are listed first, and lose the audience with --yes.',
    sources: [SEEN],
  },
  find: (seen) =>
    listServers(seen).flatMap((judged): Found[] => {
      const { scope: name, window } = judged;
      if (window === undefined) return [];
      const since = window.since || 'an unknown time';
      const message = `A window of mcpkc 0.1.0 for '${name}' is open, by ${openedBy(window)}, since ${since}: every client that registers gets its audience.`;
      return [{ subject: name, message, fix: adoptedMode(seen, judged) }];
    }),
};

/** Resources of mode adopted: only adopted clients get the audience. */
export const adoption: RuleGroup = {
  title: 'Adopted clients alone get the audience',
  applies: (seen) => listServers(seen).some(({ mode, window }) => mode === 'adopted' || window !== undefined),
  rules: [oldWindow, exposed, gives, notOptional, notMoved],
};
