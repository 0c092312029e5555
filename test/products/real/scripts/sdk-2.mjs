// The least that an author writes with the official SDK's second generation.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [, , url] = process.argv;
const redirectUrl = 'http://127.0.0.1:8976/callback';
const kept = {};
const authProvider = {
  redirectUrl,
  clientMetadata: { client_name: 'SDK client', redirect_uris: [redirectUrl] },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => Object.assign(kept, { client }),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => Object.assign(kept, { tokens }),
  saveCodeVerifier: (verifier) => Object.assign(kept, { verifier }),
  codeVerifier: () => kept.verifier,
  redirectToAuthorization: (address) => void execFile(process.env.BROWSER, [address.href]),
};
const code = new Promise((resolve) => {
  createServer((request, response) => {
    response.end('You can close this page.');
    resolve(new URL(request.url, redirectUrl).searchParams);
  }).listen(8976, '127.0.0.1');
});
const newTransport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider });
const first = newTransport();
await new Client({ name: 'sdk-client', version: '1.0.0' }).connect(first).catch(() => {});
await first.finishAuth(await code);
const client = new Client({ name: 'sdk-client', version: '1.0.0' });
await client.connect(newTransport());
const { tools } = await client.listTools();
process.stdout.write(`${tools.map(({ name }) => name).join(' ')}\n`);
process.exit();
