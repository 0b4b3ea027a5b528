/** The services that a part of a plugin can run on, in the order in which documents name them. */
export const serviceNames = ["logic", "field", "office", "worker", "agent"] as const;

/** The name of a Peek service. */
export type ServiceName = (typeof serviceNames)[number];
