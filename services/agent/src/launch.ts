import { launch } from "@peek/platform/launch";

await launch("agent", () => import("./main.ts"));
