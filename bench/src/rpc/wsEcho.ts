import { limitScript } from "../paths.ts";
import type { Case, SuiteContext } from "../Suite.ts";
import { callCase, type CallMetric } from "./callCase.ts";
import { freePort } from "./freePort.ts";

/** Echoed frames: the minimum of any call over a WebSocket. */
export function wsEcho({ signal }: SuiteContext): Case<CallMetric> {
  return callCase("raw `ws` echo (the limit)", signal, async () => {
    const argument = { port: await freePort() };
    return {
      servers: [{ script: limitScript("rpc/wsServer"), argument }],
      client: { script: limitScript("rpc/wsClient"), argument },
    };
  });
}
