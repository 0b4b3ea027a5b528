import { dirname } from "node:path";
import type { ServiceDefinition } from "@peek/platform";

/** The field service. */
export const fieldService: ServiceDefinition = { name: "field", dir: dirname(import.meta.dirname) };
