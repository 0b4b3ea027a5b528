export { RpcForLogic } from "../../../../../../src/_private/contracts/RpcForLogic.ts";
