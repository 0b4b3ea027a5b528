import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { reportMemory } from "../../connections/reportMemory.js";
import { AddRecord, NewestTuple, PumpTuple, SampleTuple } from "../contracts.js";

/** The bench's plugin on field. */
export class FieldHook extends PluginFieldEntryHookABC {
  load() {}

  start() {
    const { observables, actions } = this.platform;
    for (const each of [PumpTuple, SampleTuple, NewestTuple]) observables.expose(each);
    actions.expose(AddRecord);
    process.on("SIGUSR2", () => void reportMemory());
  }

  stop() {}

  unload() {}
}
