import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

/** A package of which a bill of materials speaks. */
export interface Packaged {
  name: string;
  version: string;
  license: string;
  /** Its package URL, where it isn't that of a package on npm. */
  purl?: string;
  /** The name by which the lists of vulnerabilities know it (CPE 2.3), where a package URL doesn't tell. */
  cpe?: string;
}

/**
 * The software bill of materials of a bundle: mcpkc, and each package whose code is in it. CycloneDX 1.6, JSON, and the same
 * bytes for the same packages: no time and no serial number.
 */
export function softwareBill(mcpkc: Packaged, packages: readonly Packaged[]): string {
  const main = component(mcpkc, Enums.ComponentType.Application);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: main }) });
  for (const one of packages) {
    const part = component(one, Enums.ComponentType.Library);
    bom.components.add(part);
    main.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function component(packaged: Packaged, type: Enums.ComponentType): Models.Component {
  const { name, version, license, cpe } = packaged;
  const [, group, bare = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  const { purl = `pkg:npm/${name.replace('@', '%40')}@${version}` } = packaged;
  const isExpression = / (?:AND|OR|WITH) /.test(license);
  const licenses = [isExpression ? new Models.LicenseExpression(license) : new Models.SpdxLicense(license)];
  return new Models.Component(type, bare, {
    ...(group === undefined ? {} : { group }),
    ...(cpe === undefined ? {} : { cpe }),
    version,
    purl,
    bomRef: purl,
    licenses: new Models.LicenseRepository(licenses),
  });
}
