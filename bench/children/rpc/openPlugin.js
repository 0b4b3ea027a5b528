import { Vortex } from "@peek/vortex";
import { silentLogger } from "../silentLogger.js";
import { plugin } from "./EchoRpc.js";

/** A plugin's `platform.vortex`, until the process ends. */
export function openPlugin({ bus, member }) {
  const disposables = new AsyncDisposableStack();
  return new Vortex({ bus, member, logger: silentLogger }).forPlugin(plugin, () => disposables, silentLogger);
}
