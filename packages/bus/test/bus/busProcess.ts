import type { Bus } from "../../src/Bus.ts";
import { NatsBus } from "../../src/nats/index.ts";
import { WsBus } from "../../src/ws/WsBus.ts";
import { natsPassword } from "../nats/NatsServer.ts";
import { connected } from "./BusHarness.ts";
import { recordingLog } from "./recordingLog.ts";
import type { BusProcessArgument } from "./spawnBus.ts";

// A process with a bus that echoes messages, until it is killed or its standard input ends.
const { service, member, target } = JSON.parse(process.argv[2] ?? "") as BusProcessArgument;
const bus = open();
bus.onMessage((from, text) => bus.send(from, `echo: ${text}`));
await connected(bus);
process.stdout.write("connected\n");
process.stdin.on("end", () => process.exit()).resume();

function open(): Bus {
  const logger = recordingLog();
  if (target.driver === "ws") {
    const { port } = target;
    return new WsBus({
      service,
      member,
      host: "127.0.0.1",
      port,
      secure: false,
      credentials: () => ({ token: service }),
      logger,
    });
  }
  const { servers, heartbeatMs } = target;
  return NatsBus.open({
    service,
    member,
    config: { servers, password: natsPassword(service) },
    heartbeatMs,
    logger,
    onFatal: (error) => {
      throw error;
    },
  });
}
