import { connectSteps } from '../../products/connect.ts';
import type { Preset } from '../../products/preset.ts';
import { formatCommand, markdownText, typedList } from '../../text.ts';
import type { RunbookFacts } from './facts.ts';
import { block, code } from './markdown.ts';

/** The steps of a person in the product. */
export function connectSection({ mcpServer, presets }: RunbookFacts): string {
  const { resource, mode } = mcpServer;
  const first =
    mode === 'adopted'
      ? `Only adopted clients get the audience: start ${code(formatCommand(['onboard', resource]))}, then do this while it waits.\n\n`
      : '';
  const parts = presets.map((preset) => {
    const steps = connectSteps(preset, resource).map((step, index) => `${index + 1}. ${markdownStep(step)}`);
    return `### In ${markdownText(preset.title)}\n\n${steps.join('\n')}${shut(preset, resource)}`;
  });
  return `## Connect

${first}${parts.join('\n\n')}

In any other product: add an MCP server (HTTP) with the URL ${code(resource)} and sign in when asked.`;
}

/** The way in which it connects where registration stays shut. */
function shut({ name, cimdUrl, withClient }: Preset, resource: string): string {
  if (withClient === undefined && cimdUrl === undefined) return '';
  const line = formatCommand(['allow', resource, ['--preset', typedList([name])]]);
  const how =
    cimdUrl === undefined ? 'a client made beforehand' : 'its document, or a client made beforehand';
  return `\n\nWithout registering, by ${how}: ${code(line)}`;
}

/** A step whose text does nothing in Markdown, and whose code is code. */
function markdownStep(step: string): string {
  return step
    .split('`')
    .map((part, index) => (index % 2 === 1 ? code(part) : markdownText(part)))
    .join('');
}

/** Notes on each product. */
export function productsSection({ presets }: RunbookFacts): string {
  const parts = presets.map(({ title, notes, trustedHosts, requestedScopes }) => {
    const asks =
      requestedScopes.length === 0
        ? []
        : [
            `It asks for the scopes ${requestedScopes.map(code).join(', ')}; each has to be in the realm, or the sign-in ends with ${code('invalid_scope')}.`,
          ];
    const lines = [
      `Registers from: ${trustedHosts.map(code).join(', ')}.`,
      ...notes.map(markdownText),
      ...asks,
    ];
    return `### ${markdownText(title)}\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
  });
  return `## Products\n\n${parts.join('\n\n')}`;
}

/** A second MCP server in the same realm, and the end of one. */
export function anotherSection(): string {
  return `## More MCP servers in this realm

Each has its own URL, its own scope and its own audience; registration policies are shared.

${block('sh', [
  'mcpkc onboard https://other.example.com/mcp --preset chatgpt   # adopted: one connection after the other',
  'mcpkc create-scope --resource https://other.example.com/mcp --preset chatgpt   # standing: everybody may connect',
  'mcpkc env https://other.example.com/mcp          # for its deployment',
  'mcpkc validate https://other.example.com/mcp',
  '',
  'mcpkc create-scope --resource https://other.example.com/mcp --remove --dry-run   # retire it',
])}`;
}
