import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { limitScript, peerScript } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { callCase, type CallMetric, type CallPrograms } from "../rpc/callCase.ts";
import { callTable } from "../rpc/callTable.ts";
import { freePort } from "../rpc/freePort.ts";
import { wsEcho } from "../rpc/wsEcho.ts";
import type { Case, Suite, SuiteContext } from "../Suite.ts";

/** Calls from one process to another. */
export const rpc: Suite = async (context) => {
  const { runs, signal } = context;
  const cases: readonly Case<CallMetric>[] = [
    wsEcho(context),
    callCase("**Peek**, agent to logic", signal, () => peekOneHop(context)),
    callCase("**Peek**, agent to worker, through logic's data exchange", signal, () => peekTwoHops(context)),
    peerCase("socket.io with acknowledgements", "socketIo", context),
    peerCase("tRPC over WebSocket", "trpc", context),
    peerCase("gRPC (`@grpc/grpc-js`)", "grpc", context),
    callCase("Moleculer, TCP", signal, async () => {
      const argument = { ports: { server: await freePort(), client: await freePort() } };
      return peerPrograms("moleculer", argument);
    }),
  ];
  const measured = await roundRobin<CallMetric, Case<CallMetric>>("RPC", cases, runs);
  return `## RPC

Median (least–most) of ${runs} runs, and of the ratios of each run.

${callTable(measured)}`;
};

async function peekOneHop({ temp }: SuiteContext): Promise<CallPrograms> {
  const where = await peekPlace(temp);
  return {
    servers: [{ script: limitScript("rpc/peekExchange"), argument: where }],
    client: { script: limitScript("rpc/peekClient"), argument: { ...where, service: "agent", to: "logic" } },
  };
}

async function peekTwoHops({ temp }: SuiteContext): Promise<CallPrograms> {
  const where = await peekPlace(temp);
  return {
    servers: [
      { script: limitScript("rpc/peekExchange"), argument: where },
      { script: limitScript("rpc/peekServer"), argument: { ...where, service: "worker" } },
    ],
    client: { script: limitScript("rpc/peekClient"), argument: { ...where, service: "agent", to: "worker" } },
  };
}

async function peekPlace(temp: string): Promise<{ readonly peekHome: string; readonly port: number }> {
  return { peekHome: await mkdtemp(join(temp, "rpc-")), port: await freePort() };
}

function peerCase(title: string, name: string, { signal }: SuiteContext): Case<CallMetric> {
  return callCase(title, signal, async () => peerPrograms(name, { port: await freePort() }));
}

function peerPrograms(name: string, argument: CallPrograms["client"]["argument"]): CallPrograms {
  return {
    servers: [{ script: peerScript(`rpc/${name}Server`), argument }],
    client: { script: peerScript(`rpc/${name}Client`), argument },
  };
}
