import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, inject, test } from 'vitest';

const DEMO = resolve(import.meta.dirname, '../../examples/demo/main.ts');

function play(...args: string[]): Promise<{ status: number | null; output: string }> {
  const { url, adminUser, adminPassword } = inject('keycloak');
  const env = {
    ...process.env,
    MCPKC_TEST_KEYCLOAK_URL: url,
    MCPKC_TEST_KEYCLOAK_ADMIN: adminUser,
    MCPKC_TEST_KEYCLOAK_ADMIN_PASSWORD: adminPassword,
    MCPKC_DEMO_COMMAND: JSON.stringify([process.execPath, inject('mcpkcBin')]),
  };
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [DEMO, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const hear = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', failed);
    child.on('close', (status) => done({ status, output }));
  });
}

test('the demo ends with a tool call, by commands as an operator types them', async () => {
  const { status, output } = await play();
  expect(output).toMatch(/^\$ mcpkc init --server /m);
  expect(output).toMatch(/^\$ mcpkc onboard http:/m);
  expect(output).toContain('tool whoami answered');
  expect(output).toContain('The tool call succeeded');
  expect(status, output).toBe(0);
});

test('the same demo without its onboard line ends in 401', async () => {
  const { status, output } = await play('--without-onboard');
  expect(output).not.toMatch(/^\$ mcpkc onboard/m);
  expect(output).toContain('The tool call failed: mcp 401');
  expect(status).toBe(1);
});
