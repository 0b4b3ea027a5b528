import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { tellMemory } from "../../connections/tellMemory.js";
import { AddRecord, NewestTuple, PumpTuple, SampleTuple } from "../contracts.js";

/** What the bench's plugin does on field. */
export class FieldHook extends PluginFieldEntryHookABC {
  load() {}

  start() {
    const { observables, actions } = this.platform;
    for (const each of [PumpTuple, SampleTuple, NewestTuple]) observables.expose(each);
    actions.expose(AddRecord);
    process.on("SIGUSR2", () => void tellMemory());
  }

  stop() {}

  unload() {}
}
