import type { CodeSplittingOptions } from "rolldown";

/** Modules that each service imports at its start. Most of it dynamically, so that `--version` does without it. */
const everyService = [
  "platform/src/index.ts",
  "bus/src/index.ts",
  "bus/src/ws/index.ts",
  "bus/src/identity/index.ts",
  "vortex/src/index.ts",
];
const site = ["http/src/index.ts", "platform/src/site/openSessions.ts"];
const gateway = [...site, "live/src/gateway/index.ts"];
const ofService: Readonly<Record<string, readonly string[]>> = {
  logic: [...site, "live/src/logic/index.ts"],
  field: gateway,
  office: gateway,
};

/**
 * Puts the modules that a service imports at each start into two files: those that check its Node and its home, and all
 * others. Each further file is resolved, read and linked for itself, which takes half a millisecond.
 *
 * The modules of the services themselves stay outside: they await the end of the service at their top level, and a file
 * that waits for them could not be imported meanwhile.
 */
export function startFiles(service: string): CodeSplittingOptions {
  const start = [...everyService, `plugin-base/src/${service}/index.ts`, ...(ofService[service] ?? [])];
  return {
    // The modules that these import statically come with them.
    groups: [
      { name: "first", test: /[/\\]packages[/\\]platform[/\\]src[/\\]launch\.ts$/, priority: 2 },
      { name: "start", test: (id) => start.some((path) => id.endsWith(`/packages/${path}`)), priority: 1 },
    ],
  };
}
