export { WorkerEntryHook } from "../../../../../../src/_private/worker/WorkerEntryHook.ts";
