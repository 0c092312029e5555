import type { Command, Context } from '../../cli/command.ts';
import type { Config } from '../../config/load.ts';
import { McpkcError } from '../../errors.ts';
import { canonicalResource } from '../../names/resource-url.ts';
import { customPresets, parsePresets } from '../../products/custom.ts';
import { PRESETS } from '../../products/index.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { connectText, presetDocument, presetListText, presetText } from './text.ts';

/** The configuration, or undefined with a warning: the built-in presets can be shown without it. */
async function configOf(context: Context): Promise<Config | undefined> {
  try {
    return await context.config();
  } catch (error) {
    if (!(error instanceof McpkcError) || !error.code.startsWith('CONFIG_')) throw error;
    context.voice.warn(
      'The configuration has faults, so presets of your own are not shown; mcpkc status names them.',
    );
    return undefined;
  }
}

/** The flags of `mcpkc presets`. */
export type PresetsOptions = { for?: string };

/** `mcpkc presets`: what mcpkc knows of each client product, and from where. */
export const presets: Command<PresetsOptions> = {
  define(command) {
    command
      .description('Show the client products that mcpkc knows: hosts, redirect URIs, quirks, sources.')
      .argument('[name]', 'one preset in full')
      .option('--for <mcp-url>', 'how a person connects this MCP server in it: a page to send to colleagues');
  },
  examples: [
    ['which products are known', 'mcpkc presets'],
    ['all about one of them', 'mcpkc presets chatgpt'],
    ['how a colleague connects a server in Codex', 'mcpkc presets codex --for https://svc.example.com/mcp'],
    [
      'the hosts that it needs, for a script',
      "mcpkc presets claude --json | jq -r '.presets[].trustedHosts[]'",
    ],
  ],
  changes: 'Nothing; it does not talk to Keycloak.',
  exits: [[0, 'shown']],
  async run(context, [name], flags) {
    const config = await configOf(context);
    const { presets: own, problems } = parsePresets(config?.presets ?? []);
    const faults = problems.map(({ path, message }) => `${path}: ${message}`).join('\n');
    const known = [...PRESETS, ...own];
    // A preset that has a fault is not known: its name alone would read like one that nobody wrote.
    if (faults !== '' && name !== undefined && !known.some((one) => one.name === name)) {
      customPresets(config?.presets ?? [], config?.files.config);
    }
    if (faults !== '') context.voice.warn(`Presets of your own with faults are not shown:\n${faults}`);
    const shown = name === undefined ? known : resolvePresets([name], own);
    const mcp = flags.for === undefined ? undefined : canonicalResource(flags.for);
    return {
      command: 'presets',
      exitStatus: 0,
      server: config?.server,
      realm: config?.realm,
      document: {
        presets: shown.map((preset) => presetDocument(preset, mcp)),
        ...(mcp === undefined ? {} : { resource: mcp }),
      },
      text: (style) => {
        if (mcp !== undefined) return shown.map((one) => connectText(one, mcp, style)).join('\n');
        return name === undefined
          ? presetListText(shown, style)
          : shown.map((one) => presetText(one, style)).join('\n');
      },
    };
  },
};
