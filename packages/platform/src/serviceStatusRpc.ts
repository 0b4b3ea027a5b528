import { defineRpc, type RpcContract } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Under whose name the platform itself serves what it offers to other services. */
export const platformPlugin = "peek_core_platform";

const pluginSchema = z.object({
  name: z.string(),
  state: z.string(),
  since: z.string(),
  title: z.string().optional(),
  version: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string(), hook: z.string().optional() }).optional(),
  blockedBy: z.string().optional(),
});

const statusSchema = z.object({
  service: z.string(),
  version: z.string(),
  pid: z.number(),
  since: z.string(),
  plugins: z.array(pluginSchema).readonly(),
});

/** What a service tells of itself. */
export type ToldServiceStatus = z.infer<typeof statusSchema>;

type StatusProcedures = { readonly status: { readonly output: typeof statusSchema } };

/** Asks a service how it is. Every service serves it. */
export const ServiceStatusRpc: RpcContract<StatusProcedures> = defineRpc(`${platformPlugin}.ServiceStatus`, {
  status: { output: statusSchema },
});
