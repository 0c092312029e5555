import { describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { type MemoryIoOptions, memoryIo } from '../support/memory-io.ts';

const SECRET = 'recognisable-secret-91';
const env = { KC_REALM: 'tools', MCP_TRANSPORT_URL: 'https://svc.example.com/mcp', KC_CLIENT_SECRET: SECRET };

async function run(args: readonly string[], options: MemoryIoOptions = {}) {
  const io = memoryIo({ env, ...options });
  const status = await main(['runbook', ...args], io);
  return { status, io };
}

describe('mcpkc runbook', () => {
  it('prints Markdown and keeps the secret to itself', async () => {
    const { status, io } = await run([]);
    expect(status).toBe(0);
    expect(io.out()).toMatch(/^<!-- .* -->\n\n# Runbook: `https:\/\/svc\.example\.com\/mcp`/);
    expect(io.everything()).not.toContain(SECRET);
  });

  it('writes the secret into no stream', async () => {
    const { status, io } = await run(['--with-secrets']);
    expect(status).toBe(2);
    expect(io.err()).toContain('--output');
    expect(io.everything()).not.toContain(SECRET);
  });

  it('writes the secret into a file that only its owner reads', async () => {
    const { status, io } = await run(['--with-secrets', '--output', 'run.md']);
    expect(status).toBe(0);
    expect(io.disk.get('/here/run.md')).toMatchObject({ mode: 0o600 });
    expect(io.disk.get('/here/run.md')).toHaveProperty('text', expect.stringContaining(SECRET));
    expect(io.out() + io.err()).not.toContain(SECRET);
  });

  it('writes a runbook again, and no other file unless told', async () => {
    const { io: first } = await run(['--output', 'run.md']);
    const written = first.disk.get('/here/run.md');
    const text = written instanceof Error ? '' : (written?.text ?? '');
    const again = await run(['--output', 'run.md'], { files: { 'run.md': text } });
    expect(again.status).toBe(0);
    const foreign = await run(['--output', 'run.md'], { files: { 'run.md': 'mine' } });
    expect(foreign.status).toBe(5);
    expect(foreign.io.disk.get('/here/run.md')).toHaveProperty('text', 'mine');
    const forced = await run(['--output', 'run.md', '--force'], { files: { 'run.md': 'mine' } });
    expect(forced.status).toBe(0);
  });

  it('is one document with --json, boxes and text included', async () => {
    const { io } = await run(['--json']);
    const document = JSON.parse(io.out());
    expect(document).toMatchObject({ schema: 'mcpkc/runbook/v1', mode: 'standing', output: null });
    expect(document.boxes.map(({ state }: { state: string }) => state)).toContain('unknown');
    expect(document.markdown).toContain('# Runbook');
  });
});
