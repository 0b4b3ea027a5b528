export { callAgents } from "../../../../../../src/_private/logic/callAgents.ts";
