import { Vortex } from "@peek/vortex";
import { silentLogger } from "../silentLogger.js";
import { plugin } from "./EchoRpc.js";

/** What a plugin has of Vortex, for as long as the process runs. */
export function openPlugin({ bus, member }) {
  const disposables = new AsyncDisposableStack();
  return new Vortex({ bus, member, logger: silentLogger }).forPlugin(plugin, () => disposables, silentLogger);
}
