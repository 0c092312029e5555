import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { browserEnvironment } from '../../src/cli/io.ts';
import { until } from '../support/cli.ts';

const IO = new URL('../../src/cli/io.ts', import.meta.url).href;

it.runIf(process.platform === 'linux')(
  'a browser is started without the secrets of the environment',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpkc-browser-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [seen, done] = [join(folder, 'seen'), join(folder, 'done')];
    const script = `#!/bin/sh\nenv > ${seen}\necho "$1" >> ${seen}\nmv ${seen} ${done}\n`;
    writeFileSync(join(folder, 'xdg-open'), script, { mode: 0o755 });
    const code = `const { processIo } = await import(${JSON.stringify(IO)}); await processIo().openBrowser('http://127.0.0.1:1/x');`;
    execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      env: {
        PATH: [folder, process.env.PATH].join(delimiter),
        HOME: folder,
        DISPLAY: ':7',
        KC_CLIENT_SECRET: 'hunter2',
        KC_BOOTSTRAP_ADMIN_PASSWORD: 'hunter2',
        HTTPS_PROXY: 'http://me:hunter2@proxy',
        GITHUB_TOKEN: 'hunter2',
        NODE_OPTIONS: '',
      },
    });
    await until('the browser starts', () => existsSync(done));
    const text = readFileSync(done, 'utf8');
    expect(text).toContain('http://127.0.0.1:1/x');
    expect(text).toContain('DISPLAY=:7');
    expect(text).not.toContain('hunter2');
    expect(text).not.toMatch(/^(?:KC_|GITHUB_|HTTPS_PROXY|NODE_OPTIONS)/m);
  },
);

it('what a browser needs is kept on every platform', () => {
  const needed = { Path: 'p', SystemRoot: 's', LOCALAPPDATA: 'l', WAYLAND_DISPLAY: 'w', LC_ALL: 'C' };
  expect(
    browserEnvironment({ ...needed, AWS_SECRET_ACCESS_KEY: 'x', MCPKC_CA_FILE: 'y', API_KEY: 'z' }),
  ).toEqual(needed);
});
