import type { CataloguePlugin } from "@peek/web/protocol";
import type { AppServices } from "../AppServices.ts";
import { failureOf } from "../modules/ModuleFailure.ts";
import { refuseModule } from "../modules/refuseModule.ts";
import { pluginPath } from "../navigation/paths.ts";
import type { Texts } from "../texts/Texts.ts";

/** Runs a command of a plugin. Its failure is shown and reported. */
export async function runCommand(app: AppServices, plugin: CataloguePlugin, id: string, texts: Texts): Promise<void> {
  const { modules, navigation, notifications, failures } = app;
  const fail = (text: string): void => notifications.add({ text, tone: "error" }, plugin.title);
  const refusal = refuseModule(plugin);
  if (refusal !== undefined) return fail(texts.wrongVersionText(refusal.built, refusal.provided));
  if (plugin.problem !== undefined) return fail(plugin.problem.message);
  const module = modules.get(plugin);
  const release = modules.hold(module);
  try {
    const { commands = {} } = await module.ready;
    const run = Object.hasOwn(commands, id) ? commands[id] : undefined;
    if (run === undefined) throw new Error(texts.noCommand(id));
    await run({
      ...module.context,
      navigate: (path) => navigation.navigate(pluginPath(plugin.name, path)),
      notify: (notification) => notifications.add(notification, plugin.title),
    });
  } catch (error) {
    const failure = failureOf("event", error);
    if (failure.phase === "import") modules.forget(module);
    failures.add(plugin, failure);
    fail(failure.message);
  } finally {
    release();
  }
}
