import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serviceHome } from "@peek/config";
import { provideModules } from "@peek/kit";
import { z } from "zod";
import { PeekService } from "../../src/index.ts";

/** Runs an agent, and changes versions as the lines of the standard input ask; prints the plugin's status at the start, then each result. */
const requestSchema = z.object({ kind: z.enum(["reload", "enable"]), plugin: z.string(), version: z.string() });
const print = (value: unknown): void => void process.stdout.write(`=${JSON.stringify(value)}\n`);

using _modules = provideModules();
const dir = fileURLToPath(new URL("../../../../services/agent", import.meta.url));
await using service = await PeekService.open({ name: "agent", dir }, { home: serviceHome("agent", process.env) });
await service.start();
print(service.status().plugins);
const changes: Promise<void>[] = [];
for await (const line of createInterface({ input: process.stdin })) changes.push(change(line));
await service.stop();
await Promise.all(changes);
// The plugin may still wait in a hook that the service has given up.
process.exit();

async function change(line: string): Promise<void> {
  const result = await service.changeVersion(requestSchema.parse(JSON.parse(line)));
  print({ result, plugins: service.status().plugins });
}
