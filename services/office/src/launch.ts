import { launch } from "@peek/platform/launch";

await launch("office", () => import("./main.ts"));
