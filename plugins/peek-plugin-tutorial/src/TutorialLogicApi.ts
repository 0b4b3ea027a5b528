/** The API of the tutorial plugin for other plugins on the logic service. */
export interface TutorialLogicApi {
  /** The sum of two whole numbers. */
  addInts(val1: number, val2: number): number;
}
