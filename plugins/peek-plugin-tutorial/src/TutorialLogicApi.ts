/** What the tutorial plugin publishes to other plugins on the logic service. */
export interface TutorialLogicApi {
  /** Adds two whole numbers. */
  addInts(val1: number, val2: number): number;
}
