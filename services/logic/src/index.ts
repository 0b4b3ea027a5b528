import { dirname } from "node:path";
import type { ServiceDefinition } from "@peek/platform";

/** The logic service. */
export const logicService: ServiceDefinition = { name: "logic", dir: dirname(import.meta.dirname) };
