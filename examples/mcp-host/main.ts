/** Starts the host as a process, configured by its environment. README.md lists the variables. */
import { ConfigError, readConfig } from './config.ts';
import { startHost } from './host.ts';

try {
  const host = await startHost(readConfig(process.env));
  process.stderr.write(`${host.url} is served on ${host.origin}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void host.stop());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
