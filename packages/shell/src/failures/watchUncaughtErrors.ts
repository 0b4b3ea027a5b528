import { type ModuleFailure, failureOf } from "../modules/ModuleFailure.ts";
import { pluginInStack } from "./pluginInStack.ts";

/**
 * Calls back for errors that no boundary catches, if they come from a plugin: of event handlers, timers, and promises.
 *
 * @returns The end of this.
 */
export function watchUncaughtErrors(failed: (plugin: string, failure: ModuleFailure) => void): Disposable {
  const report = (thrown: unknown, file?: string): void => {
    const failure = failureOf("event", thrown);
    const plugin = pluginInStack(failure.stack) ?? pluginInStack(file);
    if (plugin !== undefined) failed(plugin, failure);
  };
  const onError = (event: ErrorEvent): void => report(event.error ?? event.message, event.filename);
  const onRejection = (event: PromiseRejectionEvent): void => report(event.reason);
  addEventListener("error", onError);
  addEventListener("unhandledrejection", onRejection);
  return {
    [Symbol.dispose]: () => {
      removeEventListener("error", onError);
      removeEventListener("unhandledrejection", onRejection);
    },
  };
}
