import { listUnreachable, unreachableText } from '../../checks/vendor-network.ts';
import { numberedSteps } from '../../cli/steps.ts';
import type { Style } from '../../cli/style.ts';
import { connectSteps } from '../../products/connect.ts';
import type { Preset, Source } from '../../products/preset.ts';
import type { ScopeRule, ScopeSource } from '../../products/scopes.ts';
import { describeLikeness, SELF_HOSTED } from '../../products/self-hosted.ts';
import { formatCommand, isCommandLine, shellLines, visible, wrap } from '../../text.ts';

const SENDS_SCOPE = {
  yes: 'yes: it gets the scopes that it names instead of the realm’s defaults',
  no: 'no: it gets the realm’s default scopes',
  unknown: 'unknown',
} as const;

const REREGISTERS = {
  'by-itself': 'registers again on its own',
  'at-login': 'registers again when its user signs in again',
  'after-removal': 'its user has to remove the connection and make it again',
  unknown: 'unknown',
} as const;

const CERTAINTY = {
  recorded: 'recorded from it',
  primary: 'the vendor’s own',
  secondary: 'seen by others',
  inferred: 'concluded',
} as const;

/** A preset as the JSON document has it. */
export function presetDocument(preset: Preset, mcp?: string): Record<string, unknown> {
  const {
    redirectUris,
    cimdUrlPatterns = [],
    clientNamePrefixes = [],
    clientUri,
    cimdUrl,
    custom,
    ...rest
  } = preset;
  return {
    ...rest,
    clientNamePrefixes,
    redirectUris: redirectUris.map(({ uri }) => uri),
    clientUri: clientUri ?? null,
    cimdUrl: cimdUrl ?? null,
    cimdUrlPatterns: cimdUrlPatterns.map(({ uri }) => uri),
    custom: custom ?? false,
    ...(mcp === undefined ? {} : { steps: connectSteps(preset, mcp) }),
  };
}

/** All presets, a few lines each. */
export function presetListText(presets: readonly Preset[], style: Style): string {
  const column = Math.max(...presets.map(({ name }) => name.length)) + 2;
  const blocks = presets.map(({ name, title, trustedHosts, custom }) => {
    const about = `${visible(title)}${custom ? ' (your own)' : ''}`;
    const hosts = wrap(`hosts: ${trustedHosts.map(visible).join(', ')}`, style.width, ' '.repeat(column));
    return `${style.bold(name)}${' '.repeat(column - name.length)}${about}\n${style.dim(hosts)}`;
  });
  const elsewhere = SELF_HOSTED.map(({ name, title }) => `${title} (${name})`).join(', ');
  const own = wrap(
    `On a host of your own: ${elsewhere}. Each needs that host in the configuration, for example ${describeLikeness('librechat')}`,
    style.width,
    '  ',
  ).trimStart();
  return `${blocks.join('\n')}\n\n${own}\n\nAll about one of them: mcpkc presets <name>\n`;
}

/** A page for anybody who connects a server: the steps, and the answers for when it doesn't work. */
export function connectText(preset: Preset, mcp: string, style: Style): string {
  const { title, custom, sources, reregisters } = preset;
  const steps = numberedSteps(connectSteps(preset, mcp), style);
  const tried = sources.find(({ certainty }) => certainty === 'recorded');
  const sure = tried
    ? `Tried with the product itself on ${tried.seen}.`
    : custom
      ? 'As written in the configuration.'
      : 'Written from documentation, not tried.';
  const far = listUnreachable(preset, [mcp]);
  const network = far.length === 0 ? [] : [`Its vendor’s servers ${unreachableText(far)}.`];
  const again = {
    'by-itself': 'It signs in again on its own if its registration is gone.',
    'at-login': 'If it is refused one day, sign in again as above.',
    'after-removal': 'If it is refused one day, remove the connection in it and begin anew.',
    unknown: 'If it is refused one day, remove the connection in it and begin anew.',
  }[reregisters];
  const shut =
    preset.withClient === undefined
      ? []
      : [
          'Where registration is shut, your administrator makes a client for it:',
          formatCommand(['allow', mcp, ['--preset', preset.name], ['--by', 'client']]),
        ];
  const closing = [...network, sure, again, ...shut].map((line) =>
    isCommandLine(line) ? shellLines(line, style.width, '  ') : wrap(line, style.width, ''),
  );
  return `${[style.bold(`${visible(mcp)} in ${visible(title)}`), '', ...steps, '', ...closing].join('\n')}\n`;
}

/** One preset in full. */
export function presetText(preset: Preset, style: Style): string {
  const { name, title, clientNames, clientNamePrefixes = [], cimdUrl, cimdUrlPatterns = [] } = preset;
  const names = [...clientNames, ...clientNamePrefixes.map((prefix) => `${prefix}…`)];
  const documents = [...(cimdUrl === undefined ? [] : [cimdUrl]), ...cimdUrlPatterns.map(({ uri }) => uri)];
  const section = (heading: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', style.bold(heading), ...lines.map((line) => item(line, style))];
  return `${[
    `${style.bold(visible(title))} (--preset ${name})${preset.custom ? ', your own' : ''}`,
    ...section(
      'Redirect URIs',
      preset.redirectUris.map(({ uri }) => uri),
    ),
    ...section("Hosts for the policy 'Trusted Hosts'", preset.trustedHosts),
    ...section('Registers as', names),
    ...section(
      'Home page that it registers (client_uri)',
      preset.clientUri === undefined ? [] : [preset.clientUri],
    ),
    ...section('Authenticates at the token endpoint', [
      AUTHENTICATES[preset.registration.token_endpoint_auth_method] ??
        preset.registration.token_endpoint_auth_method,
    ]),
    ...section('Grants that it registers for', preset.registration.grant_types),
    ...section(
      'Registers from the browser, with its Origin',
      preset.registersInBrowser === undefined ? [] : [preset.registersInBrowser],
    ),
    ...section(
      'Refused by every Keycloak when it registers',
      preset.cannotRegister === undefined ? [] : [preset.cannotRegister],
    ),
    ...section('Names scopes when it registers', [SENDS_SCOPE[preset.sendsScope]]),
    ...section('Scopes that it names', scopeLines(preset.scopes)),
    ...section('Scopes that it asks for whatever the server names', preset.requestedScopes),
    ...section('Resource in the metadata', [RESOURCE[preset.comparesResource]]),
    ...section('Web pages that send its requests', preset.origins),
    ...section(
      'Its requests come from',
      preset.connectsFromVendor === true
        ? ['its vendor’s servers, whatever machine its user sits at: MCP server and Keycloak must be public']
        : [],
    ),
    ...section('Two registrations per sign-in', [preset.registersTwice]),
    ...section('A new registration for each sign-in', [preset.registersPerLogin]),
    ...section('When its client is gone', [REREGISTERS[preset.reregisters]]),
    ...section('Client id where metadata documents are supported', documents),
    ...section('To connect a server', preset.connect),
    ...section(
      'Given a client that was made beforehand (mcpkc allow --by client)',
      preset.withClient?.steps ?? [],
    ),
    ...section('Good to know', preset.notes),
    ...section('Sources', preset.sources.map(sourceText)),
  ].join('\n')}\n`;
}

/** Methods of RFC 7591, section 2. */
const AUTHENTICATES: Readonly<Record<string, string>> = {
  none: 'not at all: a public client, PKCE alone (none)',
  client_secret_basic: 'client id and secret by HTTP Basic (client_secret_basic)',
  client_secret_post: 'client id and secret in the form (client_secret_post)',
};

const RESOURCE = {
  exact: 'must be the URL that was typed, byte for byte',
  prefix: 'may be the beginning of the URL that was typed',
  unknown: 'unknown',
} as const;

const FROM: Readonly<Record<ScopeSource, string>> = {
  challenge: 'those of the server’s challenge',
  metadata: 'those that the server’s metadata lists',
  issuer: 'all that the authorization server advertises',
  registered: 'at sign-in, those that its registration was answered with',
};

function scopeLines({ from, offline, registers, otherwise }: ScopeRule): string[] {
  return [
    from.length === 0 ? 'none' : from.map((source) => FROM[source]).join('; else '),
    ...(offline ? ['offline_access as well, where the authorization server advertises it'] : []),
    ...(registers === 'nothing' ? ['none in its registration'] : []),
    ...(registers === 'same-or-empty' ? ['an empty scope in its registration where it finds none'] : []),
    ...(otherwise === undefined ? [] : [`where it finds none: ${otherwise}`]),
  ];
}

function sourceText({ url, what, seen, certainty }: Source): string {
  return `${url}\n${what} (${CERTAINTY[certainty]}, ${seen})`;
}

function item(text: string, style: Style): string {
  const [first = '', ...rest] = text.split('\n').map(visible);
  const head = wrap(first, style.width, '    ').trimStart();
  return [`  • ${head}`, ...rest.map((line) => style.dim(wrap(line, style.width, '    ')))].join('\n');
}
