import { defineAction, defineTuple, TupleSelector } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** The plugin that the bench runs on Peek's services. */
export const plugin = "peek_plugin_live";

/** Tuples with a text, of which one changes with each round. */
export const PumpTuple = defineTuple(
  `${plugin}.Pump`,
  { id: z.int(), round: z.int(), text: z.string().max(100_000) },
  { key: "id" },
);

/** The selector of all of them. */
export const pumpSelector = new TupleSelector(PumpTuple.name, {}).canonical();

/** The rows of the table sample. */
export const SampleTuple = defineTuple(`${plugin}.Sample`, { id: z.int(), value: z.int() }, { key: "id" });

/** The newest row of the table entry. */
export const NewestTuple = defineTuple(`${plugin}.Newest`, { id: z.int(), newest: z.int() }, { key: "id" });

/** Adds a row to the table record. */
export const AddRecord = defineAction(`${plugin}.AddRecord`, { name: z.string().max(100), amount: z.int() });
