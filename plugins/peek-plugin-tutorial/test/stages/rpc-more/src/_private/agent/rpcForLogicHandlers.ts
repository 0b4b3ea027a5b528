export { rpcForLogicHandlers } from "../../../../../../src/_private/agent/rpcForLogicHandlers.ts";
