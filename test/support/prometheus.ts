import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { findProgram, type Program } from './debian-program.ts';
import { freePort } from './fake-keycloak.ts';

export const EXAMPLES = resolve(import.meta.dirname, '../../examples/monitoring');

/** Prometheus of the Debian package, and promtool beside it. */
function prometheusProgram(): Program {
  const packages = ['prometheus'];
  return findProgram('prometheus', { told: 'MCPKC_PROMETHEUS', inside: 'usr/bin/prometheus', packages });
}

function nodeExporter(): Program {
  return findProgram('prometheus-node-exporter', {
    told: 'MCPKC_NODE_EXPORTER',
    inside: 'usr/bin/prometheus-node-exporter',
    packages: ['prometheus-node-exporter'],
  });
}

/** Runs promtool; gives its exit status and all that it wrote. */
export function promtool(args: readonly string[], input = ''): { status: number | null; text: string } {
  const { path, env } = prometheusProgram();
  const program = path.includes('/') ? join(dirname(path), 'promtool') : 'promtool';
  const ran = spawnSync(program, args, { encoding: 'utf8', input, env: { ...process.env, ...env } });
  if (ran.error) throw ran.error;
  return { status: ran.status, text: `${ran.stdout}${ran.stderr}` };
}

const EVERY = 240;
/** Sixty hours. */
const TIMES = 900;

/**
 * Whether exactly these alerts of examples/monitoring fire after 30 hours in which the realm was as these files of
 * `--metrics` say; '' or what promtool objects to. The runs go on, or were `long ago`: then the files are 52 hours old.
 */
export function firing(
  files: readonly string[],
  alerts: readonly string[],
  runs: 'go on' | 'long ago' = 'go on',
): string {
  const samples = files.flatMap((text) => text.split('\n').filter((line) => /^mcpkc_/.test(line)));
  const series = samples.map((line) => {
    const [, name = '', value = ''] = /^(.*\}) (\S+)$/.exec(line) ?? [];
    // Each run ends when it is collected, or ended at the beginning.
    const ended = runs === 'go on' ? `0+${EVERY}x${TIMES}` : `0+0x${TIMES}`;
    const values = /_last_run_timestamp_seconds\{/.test(name) ? ended : `${value}+0x${TIMES}`;
    return { series: name, values };
  });
  const fired = alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 }));
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-rules-'));
  try {
    const file = join(folder, 'test.yml');
    // YAML takes JSON.
    writeFileSync(
      file,
      JSON.stringify({
        rule_files: [join(EXAMPLES, 'mcpkc.rules.yml')],
        evaluation_interval: `${EVERY}s`,
        tests: [
          {
            interval: `${EVERY}s`,
            input_series: series,
            promql_expr_test: [
              {
                expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
                eval_time: runs === 'go on' ? '30h' : '52h',
                exp_samples: fired,
              },
            ],
          },
        ],
      }),
    );
    const { status, text } = promtool(['test', 'rules', file]);
    return status === 0 ? '' : text;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A running Prometheus that collects one file both ways: through node_exporter, and as OpenMetrics over http. */
export interface Collecting {
  /** The file of `--metrics`, in the folder of the textfile collector. */
  file: string;
  /** Values of a query, by their labels. */
  query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  /** What Prometheus last objected to at each of the two; '' is nothing. */
  errors(): Promise<string[]>;
}

/** Starts both, with the rules of examples/monitoring; they end with the test. */
export async function collecting(read: () => string): Promise<Collecting> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-prometheus-'));
  const [port, exporterPort] = [await freePort(), await freePort()];
  const server = await serving(read);
  const metrics = (server.address() as AddressInfo).port;
  writeFileSync(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(EXAMPLES, 'mcpkc.rules.yml')],
      scrape_configs: [
        { job_name: 'node', static_configs: [{ targets: [`127.0.0.1:${exporterPort}`] }] },
        { job_name: 'openmetrics', static_configs: [{ targets: [`127.0.0.1:${metrics}`] }] },
      ],
    }),
  );
  const exporter = nodeExporter();
  const prometheus = prometheusProgram();
  const children = [
    start(exporter, [
      '--collector.disable-defaults',
      '--collector.textfile',
      `--collector.textfile.directory=${folder}`,
      `--web.listen-address=127.0.0.1:${exporterPort}`,
    ]),
    start(prometheus, [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]),
  ];
  onTestFinished(async () => {
    for (const child of children) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const api = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    return ((await answer.json()) as { data: Record<string, unknown> }).data;
  };
  return {
    file: join(folder, 'mcpkc.prom'),
    query: async (expression) => {
      const { result } = await api(`query?query=${encodeURIComponent(expression)}`);
      return (result as { metric: Record<string, string>; value: [number, string] }[]).map(
        ({ metric, value }) => ({ metric, value: Number(value[1]) }),
      );
    },
    errors: async () => {
      const { activeTargets } = await api('targets');
      return (activeTargets as { lastError: string }[]).map(({ lastError }) => lastError);
    },
  };
}

function start({ path, env }: Program, args: readonly string[]) {
  const child = spawn(path, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  child.on('error', () => {});
  return child;
}

async function serving(read: () => string): Promise<Server> {
  const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': type }).end(read());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
