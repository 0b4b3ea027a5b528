import { MemoryHarness } from "./MemoryHarness.ts";
import { describeRpc } from "./rpcBehaviour.ts";

describeRpc("memory", () => Promise.resolve(new MemoryHarness()));
