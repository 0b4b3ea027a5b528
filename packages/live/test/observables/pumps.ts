import { defineTuple, type TupleOf } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { plugin } from "@peek/vortex/testing";

/** The tuples that the tests watch. */
export const pumpTuple = defineTuple(
  `${plugin}.Pump`,
  { id: z.int(), name: z.string(), speed: z.int().default(0) },
  { key: "id" },
);

export type Pump = TupleOf<typeof pumpTuple>;

/** So many pumps. */
export function pumpsOf(count: number): Pump[] {
  return Array.from({ length: count }, (_, id) => ({ id, name: `Pump ${id}`, speed: 0 }));
}
