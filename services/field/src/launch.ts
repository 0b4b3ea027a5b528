import { launch } from "@peek/platform/launch";

await launch("field", () => import("./main.ts"));
