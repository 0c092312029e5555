// Preloaded into a child process (`node --import`): names below far.example look as if they were on the public network, those
// below near.example on a private one, and both are this machine once something connects. No packet leaves it.
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const PUBLIC = '93.184.216.34';
const seen = (name) =>
  name.endsWith('.far.example') ? PUBLIC : name.endsWith('.near.example') ? '10.0.0.5' : undefined;

const { lookup: promised } = dnsPromises;
dnsPromises.lookup = async (name, options) => {
  const address = seen(name);
  if (address === undefined) return promised(name, options);
  return options?.all ? [{ address, family: 4 }] : { address, family: 4 };
};

const { lookup } = dns;
dns.lookup = (name, options, done) => {
  if (seen(name) === undefined) return lookup(name, options, done);
  const callback = typeof options === 'function' ? options : done;
  return options?.all
    ? callback(null, [{ address: '127.0.0.1', family: 4 }])
    : callback(null, '127.0.0.1', 4);
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const { lookup: own } = options ?? {};
  if (typeof own === 'function') {
    const here = (address) => ([PUBLIC, '10.0.0.5'].includes(address) ? '127.0.0.1' : address);
    options.lookup = (name, how, done) =>
      own(name, how, (error, found, family) =>
        done(
          error,
          Array.isArray(found) ? found.map((one) => ({ ...one, address: here(one.address) })) : here(found),
          family,
        ),
      );
  }
  return connect.apply(this, args);
};

syncBuiltinESMExports();
