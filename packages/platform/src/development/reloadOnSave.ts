import type { PeekService } from "../PeekService.ts";
import type { ServiceDefinition } from "../ServiceDefinition.ts";
import { ImportedFiles } from "./ImportedFiles.ts";
import { PluginReloader } from "./PluginReloader.ts";
import { SupervisorChannel } from "./SupervisorChannel.ts";

/** The reloads of plugins in one service under the development supervisor. */
export interface ReloadOnSave extends Disposable {
  /** To be called when the service has started: until then, the supervisor restarts it at each save. */
  begin(): void;
}

/** Reloads the plugins of a service when the development supervisor reports that their files were saved. */
export function reloadOnSave(definition: ServiceDefinition, service: PeekService): ReloadOnSave {
  const stack = new DisposableStack();
  const imported = stack.use(new ImportedFiles());
  const onRestartNeeded = (): void => channel.sendRestart();
  const reloader = new PluginReloader({ definition, service, imported, onRestartNeeded });
  const channel = stack.use(new SupervisorChannel((saved) => void reloader.onSaved(saved)));
  return { begin: () => channel.sendReady(), [Symbol.dispose]: () => stack.dispose() };
}
