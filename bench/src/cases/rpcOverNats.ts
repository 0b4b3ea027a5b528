import { serviceNames } from "@peek/plugin-base";
import { natsAuthorization, natsPasswordVariable } from "@peek/bus/nats";
import { limitScript, peerScript } from "../paths.ts";
import { roundRobin } from "../roundRobin.ts";
import { callCase, type CallMetric, type CallPrograms } from "../rpc/callCase.ts";
import { callTable } from "../rpc/callTable.ts";
import { NatsServer, natsServerVersion } from "../rpc/NatsServer.ts";
import { wsEcho } from "../rpc/wsEcho.ts";
import type { Case, Suite, SuiteContext } from "../Suite.ts";

/** Calls from one process to another, with a NATS server between. */
export const rpcOverNats: Suite = async (context) => {
  const { runs, signal } = context;
  const version = await natsServerVersion();
  if (version === undefined) return "## RPC over NATS\n\nOmitted: `nats-server` is not installed.";
  const cases: readonly Case<CallMetric>[] = [
    wsEcho(context),
    callCase("**Peek**, agent to worker", signal, (held) => peek(context, held)),
    callCase("request/reply of `@nats-io/transport-node`", signal, (held) => bare(context, held, false)),
    callCase("the same with `noAsyncTraces`", signal, (held) => bare(context, held, true)),
    callCase("Moleculer, NATS", signal, async (held) => {
      const argument = { natsUrl: await openServer(context, held) };
      return {
        servers: [{ script: peerScript("rpc/moleculerServer"), argument }],
        client: { script: peerScript("rpc/moleculerClient"), argument },
      };
    }),
  ];
  const measured = await roundRobin<CallMetric, Case<CallMetric>>("RPC over NATS", cases, runs);
  return `## RPC over NATS

nats-server ${version}. Median (least–most) of ${runs} runs, and of the ratios of each run.

${callTable(measured)}`;
};

async function peek({ temp, signal }: SuiteContext, held: AsyncDisposableStack): Promise<CallPrograms> {
  const passwords = Object.fromEntries(serviceNames.map((name) => [name, `password-of-${name}`]));
  const env = Object.fromEntries(serviceNames.map((name) => [natsPasswordVariable(name), `password-of-${name}`]));
  const server = held.use(await NatsServer.start({ temp, signal, config: natsAuthorization(), env }));
  const argument = { natsUrl: server.url, passwords };
  return {
    servers: [{ script: limitScript("rpc/peekServer"), argument: { ...argument, service: "worker" } }],
    client: { script: limitScript("rpc/peekClient"), argument: { ...argument, service: "agent", to: "worker" } },
  };
}

async function bare(context: SuiteContext, held: AsyncDisposableStack, noAsyncTraces: boolean): Promise<CallPrograms> {
  const argument = { natsUrl: await openServer(context, held), noAsyncTraces };
  return {
    servers: [{ script: limitScript("rpc/natsServer"), argument }],
    client: { script: limitScript("rpc/natsClient"), argument },
  };
}

/** A server without restrictions. */
async function openServer({ temp, signal }: SuiteContext, held: AsyncDisposableStack): Promise<string> {
  return held.use(await NatsServer.start({ temp, signal, config: "", env: {} })).url;
}
