import { openedBy } from '../commands/onboard/mark.ts';
import { SEEN } from '../explanation.ts';
import { formatCommand } from '../text.ts';
import type { Found, Rule, RuleGroup } from './finding.ts';
import { atHost, command, repair } from './fixes.ts';
import { type JudgedScope, judgedScopes, type Seen } from './seen.ts';

const leftOpen: Rule = {
  code: 'WINDOW_LEFT_OPEN',
  severity: 'error',
  needs: ['scopes'],
  explanation: {
    what: 'A windowed scope is still handed to everybody who registers: the window in which one connector was to be adopted was not closed. Clients that have nothing to do with the MCP server get its audience, and keep it.',
    cause:
      'The run of mcpkc onboard was killed or lost its connection and nobody ran it again; or somebody made the scope a realm default by hand.',
    mend: 'mcpkc onboard <resource> --close puts the scope back, and takes it from the clients that inherited it. mcpkc status --clients then lists who holds it.',
    sources: [SEEN],
  },
  find: (seen) => judgedScopes(seen).flatMap((judged) => leftOpenOf(seen, judged)),
};

function leftOpenOf(seen: Seen, judged: JudgedScope): Found[] {
  const { name, window, mode, list, resource } = judged;
  if (window === undefined) {
    if (mode !== 'windowed' || list === 'none') return [];
    const message = `The scope '${name}' is windowed, but is a realm ${list} client scope since an unknown time, by an unknown hand: every client that registers can get its audience.`;
    return [{ subject: name, message, fix: repair(seen, judged) }];
  }
  if (seen.isLive(window)) return [];
  const since = window.since || 'an unknown time';
  const message = `A window for '${name}' was left open by ${openedBy(window)}, since ${since}: every client that registers gets its audience.`;
  const fix =
    resource === undefined
      ? atHost(
          `Which MCP server is it for? Then: ${formatCommand(['onboard', ['--scope', name], '--close'])} <its URL>`,
        )
      : command(seen, ['onboard', '--close'], [resource]);
  return [{ subject: name, message, fix }];
}

const waiting: Rule = {
  code: 'WINDOW_WAITING',
  severity: 'info',
  needs: ['scopes'],
  explanation: {
    what: 'A run of mcpkc onboard waits for a connector to register. Until it is done, every client that registers gets the audience; it closes the window itself.',
    cause: 'mcpkc onboard is running, here or on another machine.',
    mend: 'Nothing to mend: connect the product, or interrupt that run, which closes the window.',
    sources: [],
  },
  find: (seen) =>
    judgedScopes(seen).flatMap(({ name, window }) => {
      if (window === undefined || !seen.isLive(window)) return [];
      const message = `A window for '${name}' is open: ${openedBy(window)} waits for a connector since ${window.since}, until ${window.until}.`;
      return [{ subject: name, message, fix: atHost('Nothing to mend: that run closes it.') }];
    }),
};

/** Windows of `onboard`. */
export const windows: RuleGroup = {
  title: 'No window left open',
  applies: (seen) => judgedScopes(seen).length > 0,
  rules: [leftOpen, waiting],
};
