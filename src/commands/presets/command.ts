import type { Command, Context } from '../../cli/command.ts';
import type { Config } from '../../config/load.ts';
import { McpkcError } from '../../errors.ts';
import { customPresets } from '../../products/custom.ts';
import { PRESETS } from '../../products/index.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { presetDocument, presetListText, presetText } from './text.ts';

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

/** `mcpkc presets`: what mcpkc knows of each client product, and from where. */
export const presets: Command = {
  define(command) {
    command
      .description('Show the client products that mcpkc knows: hosts, redirect URIs, quirks, sources.')
      .argument('[name]', 'one preset in full');
  },
  examples: [
    ['which products are known', 'mcpkc presets'],
    ['all about one of them', 'mcpkc presets chatgpt'],
    [
      'the hosts that it needs, for a script',
      "mcpkc presets claude --json | jq -r '.presets[].trustedHosts[]'",
    ],
  ],
  changes: 'Nothing; it does not talk to Keycloak.',
  exits: [[0, 'shown']],
  async run(context, [name]) {
    const config = await configOf(context);
    const own = config === undefined ? [] : customPresets(config.presets, config.files.config);
    const shown = name === undefined ? [...PRESETS, ...own] : resolvePresets([name], own);
    return {
      command: 'presets',
      exitStatus: 0,
      server: config?.server,
      realm: config?.realm,
      document: { presets: shown.map(presetDocument) },
      text: (style) =>
        name === undefined
          ? presetListText(shown, style)
          : shown.map((one) => presetText(one, style)).join('\n'),
    };
  },
};
