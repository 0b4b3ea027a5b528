import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { AddIntValue } from "../contracts/AddIntValue.ts";
import { RowCount } from "../contracts/RowCount.ts";
import { StringCapToggle } from "../contracts/StringCapToggle.ts";
import { StringIntTuple } from "../contracts/StringIntTuple.ts";

/** The entry point of the plugin on the field service. */
export class FieldEntryHook extends PluginFieldEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    const { observables, actions } = this.platform;
    observables.expose(StringIntTuple);
    observables.expose(RowCount);
    actions.expose(AddIntValue);
    actions.expose(StringCapToggle);
    this.#logger.debug("Started");
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
