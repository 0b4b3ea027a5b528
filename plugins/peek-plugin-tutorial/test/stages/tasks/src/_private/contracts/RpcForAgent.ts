export { RpcForAgent } from "../../../../../../src/_private/contracts/RpcForAgent.ts";
