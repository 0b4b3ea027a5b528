import type { ObservedService } from "@peek/platform";

/**
 * A warning for each service whose installed version, or that of its plugins, differs from the running one:
 * `restart pending: logic-ab12cd34ef runs peek_plugin_pump 1.0.0, and 1.1.0 is installed. ...`
 */
export function pendingRestarts(observed: readonly ObservedService[]): readonly string[] {
  return observed.flatMap(({ peer, status }) => {
    if (status === undefined) return [];
    const changes = [...serviceChange(status), ...status.plugins.flatMap(pluginChange)];
    return changes.length === 0
      ? []
      : [
          `restart pending: ${peer.instance} ${changes.join("; ")}. Restart ${peer.service} to run the installed software.`,
        ];
  });
}

type Report = NonNullable<ObservedService["status"]>;

function serviceChange({ version, installedVersion }: Report): readonly string[] {
  return installedVersion === undefined ? [] : [`is version ${version}, and ${installedVersion} is installed`];
}

function pluginChange({ name, version, installed }: Report["plugins"][number]): readonly string[] {
  if (installed === undefined) return [];
  const runs = version === undefined ? `runs without ${name}` : `runs ${name} ${version}`;
  if (installed.version === undefined)
    return [`${runs}, which a restart cannot find: ${(installed.problem ?? "").replace(/\.$/, "")}`];
  const what = installed.version === version ? "other files of that version are" : `${installed.version} is`;
  return [`${runs}, and ${what} installed`];
}
