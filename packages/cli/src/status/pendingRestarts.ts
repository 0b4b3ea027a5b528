import type { ObservedService } from "@peek/platform";

/**
 * A warning for each service on whose disk there is something else than what it runs:
 * `restart pending: logic-ab12cd34ef runs peek_plugin_pump 1.0.0, and 1.1.0 is installed. ...`
 */
export function pendingRestarts(observed: readonly ObservedService[]): readonly string[] {
  return observed.flatMap(({ peer, status }) => {
    if (status === undefined) return [];
    const changes = [...serviceChange(status), ...status.plugins.flatMap(pluginChange)];
    return changes.length === 0
      ? []
      : [`restart pending: ${peer.instance} ${changes.join("; ")}. Restart ${peer.service} to run what is installed.`];
  });
}

type Told = NonNullable<ObservedService["status"]>;

function serviceChange({ version, installedVersion }: Told): readonly string[] {
  return installedVersion === undefined ? [] : [`is version ${version}, and ${installedVersion} is installed`];
}

function pluginChange({ name, version, installed }: Told["plugins"][number]): readonly string[] {
  if (installed === undefined) return [];
  const runs = version === undefined ? `runs without ${name}` : `runs ${name} ${version}`;
  if (installed.version === undefined)
    return [`${runs}, which a restart cannot find: ${(installed.problem ?? "").replace(/\.$/, "")}`];
  const what = installed.version === version ? "other files of that version are" : `${installed.version} is`;
  return [`${runs}, and ${what} installed`];
}
