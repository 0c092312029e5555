import { SEEN } from '../explanation.ts';
import { holderProblems } from '../products/adoptable.ts';
import { judgeOrigin } from '../products/dynamic.ts';
import { PRESETS } from '../products/index.ts';
import { isMark } from '../realm/marks.ts';
import { heldOf } from '../realm/mcp-scope.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { adoptionOf, allowancesOf, entriesOf, keepOf, RECORD_CLIENT } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { count, typedList } from '../text.ts';
import type { Fix, Found, Rule, RuleGroup } from './finding.ts';
import { atKeycloak, fixByCommand, repair } from './fixes.ts';
import { listServers, requireShown, type Seen } from './seen.ts';

/** The clients that are looked at: all, where they were listed, else those that the record names. */
function looked(seen: Seen): Client[] {
  const { clients, adopted } = seen.parts;
  const all = clients.visible ? clients.value?.clients : undefined;
  return all ?? requireShown(adopted);
}

/**
 * The clients that hold the audience of an MCP server, each with that server. mcpkc's own account has a finding of its
 * own. The mark of a probe counts for nothing: a registrant can write it, too.
 */
function holders(seen: Seen): { client: Client; judged: PresentServer }[] {
  return listServers(seen).flatMap((judged) => {
    return looked(seen)
      .filter((client) => client.clientId !== seen.account)
      .filter((client) => heldOf(client, judged.carriers) !== 'none')
      .map((client) => ({ client, judged }));
  });
}

/** A client as it calls itself and as Keycloak does. */
function called({ clientId, name }: Client): string {
  return name === undefined || name === '' ? clientId : `${clientId} (${name})`;
}

const detach = (seen: Seen, judged: PresentServer, { clientId }: Client) =>
  repair(seen, judged, [['--detach', typedList([clientId])]]);

/** The fix for a changed client: one that mcpkc made is made anew; any other loses the audience. */
function restore(seen: Seen, judged: PresentServer, client: Client): Fix {
  const { record } = seen.parts;
  const made = record.visible ? allowancesOf(record.value, client) : [];
  const [entry] = made.filter(({ resource }) => resource === judged.resource);
  const [product] = entry?.products ?? [];
  if (entry === undefined || product === undefined) return detach(seen, judged, client);
  const parts = [
    'allow',
    entry.resource,
    ['--preset', typedList([product])] as const,
    ['--by', entry.way] as const,
  ];
  return fixByCommand(seen, parts);
}

/** Whether mcpkc made the client (`mcpkc allow`). */
function isMade(seen: Seen, client: Client): boolean {
  const { record } = seen.parts;
  return record.visible && allowancesOf(record.value, client).length > 0;
}

const exceeds: Rule = {
  code: 'HOLDER_EXCEEDS',
  severity: 'error',
  needs: ['scopes', 'adopted'],
  explanation: {
    what: 'A client that registered itself gets the audience of an MCP server, and can do more than a connector: use other grants, redirect codes anywhere, or write claims of its own choice into tokens.',
    cause:
      'In mode standing everybody who registers gets the audience. A registrant chooses redirect URIs, grants and mappers, and can change them by the registration access token.',
    fix: 'mcpkc create-scope --detach <client id> takes the audience from it, and its registration access token before that, so that it stays detached.',
    sources: [SEEN],
  },
  find: (seen) =>
    holders(seen).flatMap(({ client, judged }): Found[] => {
      // The policy decides about this client, and detaching doesn't last: FETCHED_CLIENT_EXCEEDS.
      if (judgeOrigin(client).kind === 'cimd') return [];
      const problems = holderProblems(client, [...seen.presets, ...PRESETS]);
      if (problems.length === 0) return [];
      const message = `The client ${called(client)} gets the audience of '${judged.scope}', and ${problems.join('; ')}.`;
      return [{ subject: client.clientId, message, fix: detach(seen, judged, client) }];
    }),
};

const changed: Rule = {
  code: 'ADOPTED_CHANGED',
  severity: 'error',
  needs: ['scopes', 'record', 'adopted'],
  explanation: {
    what: 'A client that was adopted is not what it was then: its name, redirect URIs, grants or mappers are others, or another client came with its ids.',
    cause:
      'Somebody changed it in the admin console. Its registrant could not: the registration access token was revoked when it was adopted.',
    fix: 'Look at it: mcpkc status --clients. If it is not meant to have the audience, mcpkc create-scope --detach <client id> removes it; if it is, mcpkc create-scope --client <client id> adopts it as it is.',
    sources: [SEEN],
  },
  find: (seen) =>
    holders(seen).flatMap(({ client, judged }): Found[] => {
      if (judged.resource === undefined) return [];
      const memory = adoptionOf(requireShown(seen.parts.record), judged.resource, client);
      if (memory.state !== 'changed') return [];
      const { since, by } = memory.entry;
      const message = `The client ${called(client)} is not what it was when it was adopted for '${judged.scope}' (${since}, by ${by}). Its redirect URIs now: ${client.redirectUris.join(' ') || 'none'}.`;
      return [{ subject: client.clientId, message, fix: restore(seen, judged, client) }];
    }),
};

const keptChanged: Rule = {
  code: 'KEPT_CHANGED',
  severity: 'warning',
  needs: ['record', 'clients'],
  explanation: {
    what: 'A client that prune-clients was told to keep is not what it was then, so it is not kept any more: its name, redirect URIs, grants or mappers are others, or another client came with its ids.',
    cause: 'It was changed, by an administrator or by its registrant; or it was deleted and registered anew.',
    fix: 'Look at it: mcpkc status --clients. mcpkc prune-clients --keep <client id> keeps it as it is now; --unkeep forgets it.',
    sources: [SEEN],
  },
  find: (seen) =>
    (requireShown(seen.parts.clients)?.clients ?? [])
      .filter((client) => keepOf(requireShown(seen.parts.record), client).state === 'changed')
      .map((client) => ({
        subject: client.clientId,
        message: `The client ${called(client)} was to be kept, and was changed since: prune-clients judges it like any other.`,
        fix: fixByCommand(seen, ['prune-clients', ['--keep', typedList([client.clientId])]]),
      })),
};

const marks: Rule = {
  code: 'MARKS_ON_CLIENTS',
  severity: 'info',
  needs: ['clients'],
  explanation: {
    what: 'Clients carry attributes that begin with mcpkc. They decide nothing: anybody who registers a client writes its attributes, and can write any.',
    cause: 'mcpkc 0.1.0 wrote them; or a registrant did, to be taken for adopted or kept.',
    fix: 'Nothing to do. Who wants them gone deletes them in the admin console (Clients, Advanced) or with kcadm.',
    sources: [SEEN],
  },
  find(seen) {
    const marked = (requireShown(seen.parts.clients)?.clients ?? [])
      .filter(
        ({ clientId, attributes }) => clientId !== RECORD_CLIENT && Object.keys(attributes).some(isMark),
      )
      .filter((client) => !isMade(seen, client));
    if (marked.length === 0) return [];
    const names = marked.slice(0, 3).map(called).join(', ');
    const more = marked.length > 3 ? ` and ${marked.length - 3} more` : '';
    const message = `${count(marked.length, 'client')} with attributes mcpkc.*, which decide nothing: ${names}${more}.`;
    return [{ subject: seen.realm, message, fix: atKeycloak('Nothing to do: they are never read.') }];
  },
};

const lost: Rule = {
  code: 'RECORD_LOST',
  severity: 'warning',
  needs: ['record'],
  explanation: {
    what: 'The realm role mcpkc-record names a client that is gone, or that does not repeat the role’s proof. What mcpkc remembered is lost: who was adopted by whom, what is kept, what was seen, how things were before.',
    cause: 'Somebody deleted the client mcpkc-record or edited it; or the realm was imported without it.',
    fix: 'Nothing is believed in its place. The next command that writes makes it anew; name the clients with --keep again.',
    sources: [SEEN],
  },
  find(seen) {
    if (requireShown(seen.parts.record).state !== 'lost') return [];
    const message =
      'What mcpkc remembered of this realm is lost: the client that held it is gone, or is not the one that its role proves.';
    const fix = fixByCommand(seen, ['prune-clients', '--observe']);
    return [{ subject: RECORD_CLIENT, message, fix }];
  },
};

/** Rules about the holders of an audience, and whether each is still as it was when it was granted. */
export const holdersGroup: RuleGroup = {
  title: 'Who gets an audience is still what was adopted',
  applies: (seen) => {
    const { clients, record } = seen.parts;
    const listed = clients.visible && clients.value !== undefined;
    return listed || (record.visible && entriesOf(record.value, 'adopted').length > 0);
  },
  rules: [exceeds, changed, keptChanged, marks, lost],
};
