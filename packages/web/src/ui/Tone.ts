/** How urgent something is. `alarm` is for what somebody has to act on now. */
export type Tone = "neutral" | "info" | "success" | "warning" | "alarm";
