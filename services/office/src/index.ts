import { dirname } from "node:path";
import type { ServiceDefinition } from "@peek/platform";

/** The office service. */
export const officeService: ServiceDefinition = { name: "office", dir: dirname(import.meta.dirname) };
