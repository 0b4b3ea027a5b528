/** The replacement of a secret. */
export const redacted = "[redacted]";
