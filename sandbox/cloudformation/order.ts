import { FieldError } from '../fields.ts';
import { references } from './intrinsics.ts';
import type { Resource } from './template.ts';

/** Resources so that each comes after all that it depends on; throws on a circle. Names of others are skipped. */
export function inOrder(resources: readonly Resource[]): Resource[] {
  const byId = new Map(resources.map((resource) => [resource.id, resource]));
  const ordered = new Set<Resource>();
  const visit = (resource: Resource, above: readonly string[]): void => {
    if (ordered.has(resource)) return;
    if (above.includes(resource.id)) {
      throw new FieldError(`Resources.${resource.id}`, `circular dependency: ${above.join(' → ')}`);
    }
    for (const id of [...resource.dependsOn, ...references(resource.properties)]) {
      const needed = byId.get(id);
      if (needed) visit(needed, [...above, resource.id]);
    }
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource, []);
  return [...ordered];
}
