import { launch } from "@peek/platform/launch";

await launch("worker", () => import("./main.ts"));
