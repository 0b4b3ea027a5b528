import type { Peer } from "@peek/plugin-base";
import { z } from "zod";
import type { NatsAddress } from "./natsSubjects.ts";

/** The longest record that is read: as long as {@link recordSchema} admits; bytes, or characters. */
export const maxRecordLength: number = 4 * 1024 * 1024;

/** A service's description of itself. Its identity is in the subject. Control characters, which could control a terminal, are invalid. */
const recordSchema = z.object({
  version: z.string().regex(/^[\x21-\x7e]{1,100}$/),
  since: z.iso.datetime(),
  connectedSince: z.iso.datetime(),
  address: z.string().regex(/^[\x21-\x7e]{0,100}$/),
  serves: z.array(z.string().regex(/^[\x21-\x7e]{1,300}$/)).max(10_000),
});

export type PresenceRecord = Readonly<z.infer<typeof recordSchema>>;

/** Reads the record of an address; undefined when it is invalid. */
export function readPresence(address: NatsAddress, record: string): Peer | undefined {
  if (record.length > maxRecordLength) return undefined;
  try {
    const parsed = recordSchema.safeParse(JSON.parse(record));
    if (!parsed.success) return undefined;
    const { service, instance } = address;
    return { service, instance, ...parsed.data };
  } catch {
    // It is not JSON.
    return undefined;
  }
}
