/**
 * What makes one list of tuples out of another, in this order: `r` are taken out, `u` are put in the places of those with the
 * same keys, `i` are put in at their final places, the first first. What stays keeps its order.
 *
 * A tuple is the JSON that `encode` of @peek/plugin-base/contracts makes; a key is what {@link keyTextOf} makes of a tuple.
 */
export interface Delta {
  /** Keys of tuples that are gone, or are put in again elsewhere; one that is not there does not matter. Absent: none. */
  readonly r?: readonly string[];
  /** Tuples that replace those with their keys. Absent: none. */
  readonly u?: readonly unknown[];
  /** Tuples with the places, from 0, that they have in the end; rising. Absent: none. */
  readonly i?: readonly (readonly [number, unknown])[];
}
