/** The client products, a line each. */
export { chatgpt } from './chatgpt.ts';
export { claude } from './claude.ts';
export { claudeCode } from './claude-code.ts';
export { cline } from './cline.ts';
export { codex } from './codex.ts';
export { copilotJetbrains } from './copilot-jetbrains.ts';
export { cursor } from './cursor.ts';
export { fastmcp } from './fastmcp.ts';
export { geminiCli } from './gemini-cli.ts';
export { inspector } from './inspector.ts';
export { mcpRemote } from './mcp-remote.ts';
export { mcporter } from './mcporter.ts';
export { opencode } from './opencode.ts';
export { qwenCode } from './qwen-code.ts';
export { vscode } from './vscode.ts';
