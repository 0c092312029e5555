import { expect, it } from 'vitest';
import { isLoopback } from '../../../src/names/loopback.ts';

it.each([
  ['http://127.0.0.1:5050/auth', true],
  ['http://127.255.255.254/', true],
  ['http://127.1/', true],
  ['http://0x7f000001/', true],
  ['http://[::1]:8080/', true],
  ['http://[0:0:0:0:0:0:0:1]/', true],
  ['http://[::ffff:127.0.0.1]/', true],
  ['http://localhost/', true],
  ['http://LOCALHOST./', true],
  ['http://kc.localhost/', true],
  ['http://0.0.0.0/', false],
  ['http://[::]/', false],
  ['http://[::ffff:10.0.0.1]/', false],
  ['http://[::127.0.0.1]/', false],
  ['http://128.0.0.1/', false],
  ['http://10.0.0.1/', false],
  ['http://127.0.0.1.evil.example/', false],
  ['http://127.0.0.1@evil.example/', false],
  ['http://localhost.evil.example/', false],
  ['http://evillocalhost/', false],
  ['http://localhostx/', false],
])('%s: %s', (url, loopback) => {
  expect(isLoopback(new URL(url))).toBe(loopback);
});
