// What Gemini CLI does for `/mcp auth`, and how it connects afterwards; its prompt takes an account.
import { connectToMcpServer, MCPOAuthProvider } from '@google/gemini-cli-core';

const [, , url, clientId] = process.argv;
const given = clientId === undefined ? {} : { clientId };
await new MCPOAuthProvider().authenticate('example', { ...given }, url);
const workspace = { getDirectories: () => [], onDirectoriesChanged: () => () => {} };
const settings = { emitMcpDiagnostic() {}, isTrustedFolder: () => true, sanitizationConfig: {} };
const server = { httpUrl: url, oauth: { enabled: true, ...given } };
const client = await connectToMcpServer('1.0.0', 'example', server, false, workspace, settings);
const { tools } = await client.listTools();
process.stdout.write(`${tools.map(({ name }) => name).join(' ')}\n`);
process.exit();
