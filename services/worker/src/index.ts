import { dirname } from "node:path";
import type { ServiceDefinition } from "@peek/platform";

/** The worker service. */
export const workerService: ServiceDefinition = { name: "worker", dir: dirname(import.meta.dirname) };
