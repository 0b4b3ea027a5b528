import { dirname } from "node:path";
import type { ServiceDefinition } from "@peek/platform";

/** The agent service. */
export const agentService: ServiceDefinition = { name: "agent", dir: dirname(import.meta.dirname) };
