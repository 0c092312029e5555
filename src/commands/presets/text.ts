import type { Style } from '../../cli/style.ts';
import type { Preset, Source } from '../../products/preset.ts';
import { visible, wrap } from '../../text.ts';

const SENDS_SCOPE = {
  yes: 'yes: it gets the scopes that it names instead of the realm’s defaults',
  no: 'no: it gets the realm’s default scopes',
  unknown: 'unknown',
} as const;

const REREGISTERS = {
  'by-itself': 'registers again by itself',
  'at-login': 'registers again when its user signs in again',
  'after-removal': 'its user has to remove the connection and make it again',
  unknown: 'unknown',
} as const;

const CERTAINTY = {
  primary: 'the vendor’s own',
  secondary: 'seen by others',
  inferred: 'concluded',
} as const;

/** A preset as the JSON document has it. */
export function presetDocument(preset: Preset): Record<string, unknown> {
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
  return `${blocks.join('\n')}\n\nAll about one of them: mcpkc presets <name>\n`;
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
    ...section('Hosts for the policy ‘Trusted Hosts’', preset.trustedHosts),
    ...section('Registers as', names),
    ...section(
      'Home page that it registers (client_uri)',
      preset.clientUri === undefined ? [] : [preset.clientUri],
    ),
    ...section('Names scopes when it registers', [SENDS_SCOPE[preset.sendsScope]]),
    ...section('Scopes that it asks for at sign-in', preset.requestedScopes),
    ...section('Two registrations per sign-in', [preset.registersTwice]),
    ...section('A new registration for each sign-in', [preset.registersPerLogin]),
    ...section('When its client is gone', [REREGISTERS[preset.reregisters]]),
    ...section('Client id where metadata documents are supported', documents),
    ...section('Good to know', preset.notes),
    ...section('Sources', preset.sources.map(sourceText)),
  ].join('\n')}\n`;
}

function sourceText({ url, what, seen, certainty }: Source): string {
  return `${url}\n${what} (${CERTAINTY[certainty]}, ${seen})`;
}

function item(text: string, style: Style): string {
  const [first = '', ...rest] = text.split('\n').map(visible);
  const head = wrap(first, style.width, '    ').trimStart();
  return [`  • ${head}`, ...rest.map((line) => style.dim(wrap(line, style.width, '    ')))].join('\n');
}
