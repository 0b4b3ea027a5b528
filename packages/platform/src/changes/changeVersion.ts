import { PeekError } from "@peek/errors";
import type { ChangeConfirmation, ChangeResult, PluginStatus, StepListener } from "@peek/loader";
import { VersionChange, type VersionChangeParts, type VersionChangeRequest } from "./VersionChange.ts";

/** The parts of a service that a version is changed with. */
export interface ChangeVersionParts extends Omit<VersionChangeParts, "runsFrom"> {
  /** The states of the enabled plugins. */
  readonly statuses: () => readonly PluginStatus[];
}

/** Executes a {@link VersionChange}. It never rejects because of the folder or the plugin. */
export async function changeVersion(
  { statuses, ...parts }: ChangeVersionParts,
  request: VersionChangeRequest,
  { onStep, confirm }: { readonly onStep: StepListener; readonly confirm: ChangeConfirmation },
): Promise<ChangeResult> {
  const at = new Date().toISOString();
  try {
    const runsFrom = statuses().find(({ name }) => name === request.plugin)?.rootDir;
    const change = await VersionChange.begin({ ...parts, runsFrom }, request);
    return await change.execute(onStep, confirm);
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    const { kind, plugin } = request;
    const { code, message } = error;
    parts.logger.warning({ code, plugin }, "%s: change to %s refused: %s", plugin, request.version, message);
    const nothing = { restarted: [], ended: [], durations: {} };
    return { kind, plugin, outcome: "refused", at, ...nothing, error: { code, message } };
  }
}
