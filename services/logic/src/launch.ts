import { launch } from "@peek/platform/launch";

await launch("logic", () => import("./main.ts"));
