import { requireNode } from "@peek/platform/launch";

requireNode("peek");
await import("./main.ts");
