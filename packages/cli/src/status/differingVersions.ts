import type { ObservedService } from "@peek/platform";

/**
 * A warning for each plugin that runs in different versions:
 * `peek_plugin_pump has different versions: 1.0.0 on logic, field; 1.1.0 on worker-ab12cd34ef. ...`
 */
export function differingVersions(observed: readonly ObservedService[]): readonly string[] {
  const counts = Map.groupBy(observed, ({ peer }) => peer.service);
  const found = observed.flatMap(({ peer, status }) =>
    (status?.plugins ?? []).flatMap(({ name, version, state }) =>
      version === undefined || state === "skipped"
        ? []
        : [{ name, version, where: counts.get(peer.service)?.length === 1 ? peer.service : peer.instance }],
    ),
  );
  return [...Map.groupBy(found, ({ name }) => name)]
    .map(([name, those]) => ({ name, byVersion: Map.groupBy(those, ({ version }) => version) }))
    .filter(({ byVersion }) => byVersion.size > 1)
    .map(({ name, byVersion }) => {
      const list = [...byVersion].map(
        ([version, those]) => `${version} on ${those.map(({ where }) => where).join(", ")}`,
      );
      return `${name} has different versions: ${list.join("; ")}. Run peek plugin upgrade ${name} with one version for all services.`;
    });
}
