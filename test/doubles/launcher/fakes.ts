import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

/** A folder for a test, and how to remove it. */
export function scratch(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-test-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Writes an executable shell script. */
export function script(file: string, body: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

/** A java that only says its version, as `<folder>/bin/java`. */
export function fakeJava(folder: string, version = '17.0.15'): string {
  return script(join(folder, 'bin/java'), `echo 'openjdk version "${version}" 2025-04-15' >&2`);
}

/**
 * An mvn that takes half a second to copy `zip` to where it was asked to, and notes each call in `<folder>/calls`.
 * Without a zip it fails as Maven does.
 */
export function fakeMaven(folder: string, zip?: string): string {
  const copy = zip
    ? `sleep 0.5; cp '${zip}' "$out/$id-$version.zip"`
    : 'echo "[ERROR] Could not find artifact"; exit 1';
  return script(
    join(folder, 'bin/mvn'),
    `PATH=/usr/bin:/bin
for arg in "$@"; do
  case "$arg" in
    -DoutputDirectory=*) out=\${arg#*=} ;;
    -Dartifact=*) IFS=: read -r group id version type <<EOF
\${arg#*=}
EOF
    ;;
  esac
done
echo "$group $id $version $type" >> '${join(folder, 'calls')}'
${copy}`,
  );
}

/** The files of an unpacked server, as far as the launcher looks at them. `kc` is the body of kc.sh. */
export function serverFiles(version: string, kc = 'exit 1'): Record<string, string> {
  return {
    'bin/kc.sh': `#!/bin/sh\n${kc}\n`,
    'conf/keycloak.conf': '',
    'lib/quarkus-run.jar': '',
    'lib/lib/main.jar': '',
    'lib/quarkus/build-system.properties': '',
    'version.txt': `Keycloak - Version ${version}\n`,
  };
}

/** Writes files below a folder; the scripts among them are executable. */
export function writeTree(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
  }
}

/** A zip with these files, uncompressed and without a word on who may execute them. */
export function zipOf(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(0x21, 8);
    about.writeUInt32LE(crc32(data), 10);
    about.writeUInt32LE(data.length, 14);
    about.writeUInt32LE(data.length, 18);
    about.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), about, Buffer.from(name), data]);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), about, entry, Buffer.from(name));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, central, Buffer.from('PK\x05\x06'), end]);
}
