import type { TutorialLogicApi } from "../../TutorialLogicApi.ts";

/** The plugin's published API on the logic service. */
export class LogicApi implements TutorialLogicApi {
  addInts(val1: number, val2: number): number {
    return val1 + val2;
  }
}
