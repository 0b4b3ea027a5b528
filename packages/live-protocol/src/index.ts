export { type Changes, isNothing } from "./Changes.ts";
export type { Delta } from "./Delta.ts";
export type { Position } from "./Position.ts";
export { Sha256 } from "./Sha256.ts";
export { earlier, type Staleness } from "./Staleness.ts";
export { applyChanges } from "./applyChanges.ts";
export { applyDelta } from "./applyDelta.ts";
export {
  type ServerMessage,
  type ActionOutcomeMessage,
  type ClientMessage,
  type Resume,
  clientProtocol,
  closeCodes,
  clientPath,
  type PushedActionMessage,
} from "./clientMessages.ts";
export { deltaFields } from "./deltaText.ts";
export { diff } from "./diff.ts";
export { digestOf } from "./digestOf.ts";
export { keyTextOf } from "./keyTextOf.ts";
export { longestRising } from "./longestRising.ts";
export { mergeChanges } from "./mergeChanges.ts";
export { readDelta } from "./readDelta.ts";
export { sessionProof } from "./sessionProof.ts";
