import type { Style } from '../cli/style.ts';
import type { HostsOfPolicy } from '../realm/registration-policies.ts';
import { visible, wrap } from '../text.ts';

import type { Plan } from './plan.ts';
import { outcomeLine, planText } from './text.ts';

/** The answer of `trusted-hosts`. */
export interface TrustedHostsAnswer {
  server: string;
  realm: string;
  policies: ({ name: string } & HostsOfPolicy)[];
  /** The redirect URIs that may be registered, as an operator reads them; null where nothing holds them. */
  redirectUris: string[] | null;
  plan: Plan;
  dryRun: boolean;
}

/** The policies with their hosts and flags; the plan where one was made. */
export function trustedHostsText(
  { server, realm, policies, redirectUris, plan, dryRun }: TrustedHostsAnswer,
  style: Style,
): string {
  const header = `Hosts that may register clients in realm ${style.bold(visible(realm))} at ${server}\n`;
  const none = `${style.yellow('!')} ${wrap('There is no Trusted Hosts policy: anybody may register anything.', style.width - 2)}\n`;
  const list = policies.length === 0 ? none : policies.map((policy) => policyText(policy, style)).join('\n');
  const body = `${list}${redirectText(redirectUris, style)}`;
  if (plan.length === 0) return `${header}\n${body}`;
  return `${header}\n${planText(plan, style)}\n${dryRun ? '' : `${body}\n`}${outcomeLine(plan, dryRun, style)}\n`;
}

/** The redirect URIs that may be registered at trusted hosts. */
function redirectText(redirectUris: string[] | null, style: Style): string {
  if (redirectUris === null) return '';
  const lines = redirectUris.map((uri) => `    ${visible(uri)}\n`).join('');
  return `\n  ${style.bold('Redirect URIs that may be registered')}\n${lines}`;
}

function policyText(
  { name, hosts, senderMatch, clientUrisMatch }: { name: string } & HostsOfPolicy,
  style: Style,
): string {
  const list =
    hosts.length === 0
      ? `    ${style.yellow('(none: every registration is refused)')}\n`
      : hosts.map((host) => `    ${visible(host)}\n`).join('');
  const sender = senderMatch
    ? style.yellow('on (refuses ChatGPT, which registers from changing addresses)')
    : 'off';
  const uris = clientUrisMatch ? 'on' : style.yellow('off (any redirect URI is accepted)');
  return `  ${style.bold(visible(name))}\n${list}    ${style.dim('sender must match:')} ${sender}\n    ${style.dim('redirect and client URIs must match:')} ${uris}\n`;
}
