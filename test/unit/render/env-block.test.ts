import { execFileSync } from 'node:child_process';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { envText } from '../../../src/plan/env-text.ts';

const BLOCK = {
  MCP_TRANSPORT_URL: 'https://svc.example.com/mcp',
  OIDC_ISSUER: 'https://auth.example.com/realms/a$b,c',
  OIDC_AUDIENCE: "https://svc.example.com/mcp,it's mine",
};

describe('an environment block', () => {
  it('stays bare in a dotenv file where nothing needs quotes', () => {
    const text = envText({ A: 'https://svc.example.com:8443/mcp', B: 'true' }, 'dotenv', 'svc');
    expect(text).toBe('A=https://svc.example.com:8443/mcp\nB=true\n');
  });

  it('keeps Compose from replacing a $ in a dotenv file', () => {
    expect(envText({ A: 'a$b' }, 'dotenv', 'svc')).toBe("A='a$b'\n");
  });

  it('comes back from a dotenv file as it was, or is refused', () => {
    const value = fc.string({ unit: fc.constantFrom(...'ab$\'"`\\ #,=(){}é'), maxLength: 12 });
    fc.assert(
      fc.property(value, (text) => {
        let written: string;
        try {
          written = envText({ KEY: text }, 'dotenv', 'svc');
        } catch (error) {
          expect(error).toMatchObject({ code: 'INPUT_INVALID' });
          return;
        }
        expect(parseEnv(written).KEY).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a line break in a dotenv file', () => {
    expect(() => envText({ A: 'x\nEVIL=1' }, 'dotenv', 'svc')).toThrow(/can’t carry/);
  });

  it('is JSON', () => {
    expect(JSON.parse(envText(BLOCK, 'json', 'svc'))).toEqual(BLOCK);
  });

  it('writes $ twice for Compose, which reads it as one', () => {
    expect(envText(BLOCK, 'compose', 'svc')).toBe(`services:
  svc:
    environment:
      MCP_TRANSPORT_URL: "https://svc.example.com/mcp"
      OIDC_ISSUER: "https://auth.example.com/realms/a$$b,c"
      OIDC_AUDIENCE: "https://svc.example.com/mcp,it's mine"
`);
  });

  it('is a ConfigMap for Kubernetes', () => {
    expect(
      envText(BLOCK, 'k8s', 'svc'),
    ).toBe(`# In the container: envFrom: [{ configMapRef: { name: svc-env } }]
apiVersion: v1
kind: ConfigMap
metadata:
  name: svc-env
data:
  MCP_TRANSPORT_URL: "https://svc.example.com/mcp"
  OIDC_ISSUER: "https://auth.example.com/realms/a$b,c"
  OIDC_AUDIENCE: "https://svc.example.com/mcp,it's mine"
`);
  });
});

describe('for a framework', () => {
  const env = {
    MCP_PUBLIC_BASE_URL: 'https://svc.example.com',
    MCP_TRANSPORT_URL: 'https://svc.example.com/mcp',
    OIDC_ISSUER: "https://auth.example.com/realms/it's $1",
    OIDC_AUDIENCE: 'https://svc.example.com/mcp,legacy',
    ADVERTISE_SCOPES: 'mcp-resource-svc',
  };

  it('is Python that names issuer, audiences, scopes and path as they are (FastMCP)', () => {
    const program = envText(env, 'fastmcp', 'svc');
    const read = `import ast,json,sys
tree=ast.parse(sys.stdin.read())
print(json.dumps([node.value for node in ast.walk(tree) if isinstance(node,ast.Constant)]))`;
    const constants = JSON.parse(
      execFileSync('python3', ['-c', read], { input: program, encoding: 'utf8' }),
    ) as unknown[];
    for (const value of [
      env.OIDC_ISSUER,
      env.MCP_PUBLIC_BASE_URL,
      env.MCP_TRANSPORT_URL,
      'legacy',
      'mcp-resource-svc',
      '/mcp',
    ]) {
      expect(constants).toContain(value);
    }
  });

  it('is YAML with issuer and audiences (Spring Boot)', () => {
    const { spring } = parse(envText(env, 'spring', 'svc')) as {
      spring: { security: { oauth2: { resourceserver: { jwt: Record<string, unknown> } } } };
    };
    expect(spring.security.oauth2.resourceserver.jwt).toEqual({
      'issuer-uri': env.OIDC_ISSUER,
      audiences: ['https://svc.example.com/mcp', 'legacy'],
    });
  });

  it('is properties in which a $ begins nothing (Quarkus)', () => {
    const text = envText(env, 'quarkus', 'svc');
    expect(text).toContain("quarkus.oidc.auth-server-url=https://auth.example.com/realms/it's \\\\$1\n");
    expect(text).toContain('quarkus.oidc.resource-metadata.resource=https://svc.example.com/mcp\n');
    expect(text).toContain('quarkus.http.auth.permission.mcp.paths=/mcp,/mcp/*\n');
  });
});
