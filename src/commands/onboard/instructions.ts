import type { Run } from './run.ts';

/** What the operator does now in the product, in plain words. */
export function instructions({ presets, resource }: Pick<Run, 'presets' | 'resource'>): string {
  const isChatGpt = presets.some(({ name }) => name === 'chatgpt');
  const others = presets.filter(({ name }) => name !== 'chatgpt').map(({ title }) => title);
  const lines: string[] = [];
  if (isChatGpt) {
    lines.push(
      'Now, in ChatGPT:',
      '  1. Settings, Apps & Connectors, Advanced settings: Developer mode on.',
      '  2. Create a connector. MCP server URL:',
      `       ${resource}`,
      '     Authentication: OAuth. Leave client id and secret empty.',
      '  3. Create, sign in to Keycloak, and agree to what it asks.',
    );
  }
  if (others.length > 0) {
    lines.push(
      `Now, in ${others.join(' or ')}: add an MCP server (HTTP) with this URL, and sign in when asked:`,
      `       ${resource}`,
    );
  }
  lines.push('One window serves one connection. Ctrl-C closes it.');
  return lines.join('\n');
}
