import { MemoryHarness } from "./MemoryHarness.ts";
import { describeRpc } from "./rpcBehaviour.ts";
import { describeSuspension } from "./suspensionBehaviour.ts";

const open = () => Promise.resolve(new MemoryHarness());

describeRpc("memory", open);
describeSuspension("memory", open);
