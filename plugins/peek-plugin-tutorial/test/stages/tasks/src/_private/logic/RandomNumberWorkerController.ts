export { RandomNumberWorkerController } from "../../../../../../src/_private/logic/RandomNumberWorkerController.ts";
