import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ServiceName } from "@peek/plugin-base";
import type { BusMember } from "../../src/Bus.ts";
import { member, type OtherProcess } from "./BusHarness.ts";

/** The address that a process connects to. */
export type BusProcessTarget =
  | { readonly driver: "ws"; readonly port: number; readonly heartbeatMs: number }
  | { readonly driver: "nats"; readonly servers: readonly string[]; readonly heartbeatMs: number };

/** The argument of busProcess.ts, as JSON. */
export interface BusProcessArgument {
  readonly service: ServiceName;
  readonly member: BusMember;
  readonly target: BusProcessTarget;
}

/** Starts another process with a bus; settles when that is connected. */
export async function spawnBus(service: ServiceName, target: BusProcessTarget): Promise<OtherProcess> {
  const argument: BusProcessArgument = { service, member: member(service), target };
  const file = join(import.meta.dirname, "busProcess.ts");
  const child = spawn(process.execPath, ["--conditions=@peek/source", file, JSON.stringify(argument)], {
    // It ends with its standard input, also when this process is killed.
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(createInterface(child.stdout), "line", { signal: AbortSignal.timeout(30_000) });
  return {
    identity: { service, instance: argument.member.instance },
    kill: () => void child.kill("SIGKILL"),
  };
}
