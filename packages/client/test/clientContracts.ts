import { defineAction, defineTuple } from "@peek/plugin-base/contracts";
import { z } from "zod";

export const Counter = defineTuple("peek_plugin_test.Counter", { id: z.int(), value: z.int() }, { key: "id" });
export const Add = defineAction("peek_plugin_test.Add", { id: z.int(), by: z.int() }, { result: z.int() });

/** The canonical text of the selector of all counters. */
export const counters = '["peek_plugin_test.Counter",{}]';
