import { openWsBus } from "../openBus.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { inGroups } from "./inGroups.js";

// Many agents in one process; each announces its contracts and watches logic, like one with a plugin.
const { count, ...where } = readArgument();
let connected = 0;
await inGroups(count, async () => {
  const { promise, resolve } = Promise.withResolvers();
  const { bus } = openWsBus("agent", where);
  bus.onState((state) => {
    connected += state === "connected" ? 1 : -1;
    if (connected === count) console.log("All connected");
    resolve();
  });
  bus.announce(["peek_plugin_bench.EchoRpc"]);
  void bus.watch("logic");
  await promise;
});
ready(0);
