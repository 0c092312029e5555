import { chatgpt } from './chatgpt.ts';
import { claude } from './claude.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { cursor } from './cursor.ts';
import { geminiCli } from './gemini-cli.ts';
import { inspector } from './inspector.ts';
import { mcpRemote } from './mcp-remote.ts';
import type { Preset } from './preset.ts';
import { vscode } from './vscode.ts';

/** The client products that mcpkc knows. */
export const PRESETS: readonly Preset[] = [
  chatgpt,
  claude,
  claudeCode,
  vscode,
  cursor,
  codex,
  geminiCli,
  inspector,
  mcpRemote,
];
