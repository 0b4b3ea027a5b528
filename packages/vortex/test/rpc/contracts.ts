import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { plugin } from "./TestService.ts";

/** The contract of the tests. */
export const pumps = defineRpc(`${plugin}.Pumps`, {
  add: { input: z.object({ a: z.int(), b: z.int().default(9) }), output: z.int() },
  echo: { input: z.unknown(), output: z.unknown() },
  ping: {},
  start: {
    input: z.string(),
    errors: { duplicate: z.object({ id: z.int(), since: z.date() }), closed: z.undefined() },
  },
  count: { input: z.object({ to: z.int() }), stream: z.int() },
});

export const other = defineRpc(`${plugin}.Other`, { ping: {} });
