import { PeekError } from "@peek/errors";
import type { PluginStatus } from "@peek/loader";
import type { LogCapture } from "./LogCapture.ts";

/**
 * The error for a service whose plugins did not all start: that of the first failed plugin, with its code; the stack of the
 * plugin's own error is in `cause`. undefined when all plugins started.
 */
export function startFailure(plugins: readonly PluginStatus[], log: LogCapture): PeekError | undefined {
  const troubled = plugins.flatMap((plugin) =>
    plugin.error !== undefined && (plugin.state === "failed" || plugin.state === "blocked")
      ? [{ ...plugin, error: plugin.error }]
      : [],
  );
  const first = troubled.find(({ state }) => state === "failed") ?? troubled[0];
  if (first === undefined) return undefined;
  const cause = thrownBy(first.name, log);
  return new PeekError(
    first.error.code,
    `${troubled.map(describe).join("\n")}\nIf the test expects this, start the service with allowFailed: true.`,
    {
      ...(cause !== undefined && { cause }),
      fields: { plugin: first.name },
    },
  );
}

function describe({ name, state, error }: PluginStatus): string {
  const where = error?.hook === undefined ? "" : ` in ${error.hook}`;
  return `${name} is ${state}${where}: ${error?.code ?? ""}, ${error?.message ?? ""}`;
}

/** The loader does not keep the error itself, which may refer to the whole plugin; its log has the stack. */
function thrownBy(plugin: string, { records }: LogCapture): Error | undefined {
  const err = records.find(({ level, msg, err: each }) => {
    return level === "ERROR" && each !== undefined && msg?.startsWith(`${plugin} failed`) === true;
  })?.err;
  if (err === undefined) return undefined;
  const error = new Error(err.message);
  error.stack = err.stack;
  return error;
}
