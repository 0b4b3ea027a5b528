import { PeekError } from "@peek/errors";
import type { RollbackOptions } from "@peek/storage";
import { confirm } from "./confirm.ts";
import { interruptible } from "./interruptible.ts";
import { LocalStorage } from "./LocalStorage.ts";

/** `peek storage rollback` */
export async function storageRollback(
  name: string,
  { yes, ...options }: RollbackOptions & { readonly yes: boolean },
): Promise<void> {
  const { to } = options;
  const local = new LocalStorage();
  const plugin = local.plugin(name);
  const absence = new PeekError("USAGE", `${name} has no schema in the database. Nothing was undone.`);
  if (!local.exists) throw absence;
  const what = to === undefined ? "the last migration" : `every migration after ${to}`;
  const question = `Undo ${what} of ${name}? The data in the tables and columns that it created is lost.`;
  if (!(await confirm(question, yes))) {
    console.log("Nothing was undone.");
    return;
  }
  await interruptible(async (signal) => {
    await using held = new AsyncDisposableStack();
    const opening = { title: "peek storage rollback", migrations: "await", plugins: [plugin], signal } as const;
    const storage = await local.openAlone(opening, held, "");
    if (storage.catalogue?.pluginSchemas.get(name)?.complete !== true) throw absence;
    const reverted = await storage.rollback(name, options, signal);
    console.log(`${name}: ${reverted.length === 0 ? "nothing to undo" : `undid ${reverted.join(", ")}`}`);
    if (reverted.length > 0) {
      console.log(
        "logic applies it again at its next start, unless another version of the plugin is installed before.",
      );
    }
  });
}
