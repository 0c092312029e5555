import { chatgpt } from './chatgpt.ts';
import { claude } from './claude.ts';
import { claudeCode } from './claude-code.ts';
import { cline } from './cline.ts';
import { codex } from './codex.ts';
import { copilotJetbrains } from './copilot-jetbrains.ts';
import { cursor } from './cursor.ts';
import { fastmcp } from './fastmcp.ts';
import { geminiCli } from './gemini-cli.ts';
import { inspector } from './inspector.ts';
import { mcpRemote } from './mcp-remote.ts';
import { mcporter } from './mcporter.ts';
import { opencode } from './opencode.ts';
import type { Preset } from './preset.ts';
import { qwenCode } from './qwen-code.ts';
import { vscode } from './vscode.ts';

/** The product that is meant where a command names none. */
export const DEFAULT_PRODUCT = 'chatgpt';

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
  opencode,
  mcporter,
  fastmcp,
  qwenCode,
  cline,
  copilotJetbrains,
];
