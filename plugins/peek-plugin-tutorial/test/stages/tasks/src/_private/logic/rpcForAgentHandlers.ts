export { rpcForAgentHandlers } from "../../../../../../src/_private/logic/rpcForAgentHandlers.ts";
