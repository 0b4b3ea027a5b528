import type { Peer } from "@peek/plugin-base";
import { z } from "zod";
import type { NatsAddress } from "./natsSubjects.ts";

/** The longest record that is read; characters. */
const maxRecordLength = 1024 * 1024;

/** What a service tells of itself. Who it is, is in the subject. */
const recordSchema = z.object({
  version: z.string().min(1).max(100),
  since: z.iso.datetime(),
  connectedSince: z.iso.datetime(),
  address: z.string().max(100),
  serves: z.array(z.string().min(1).max(300)).max(10_000),
});

export type PresenceRecord = Readonly<z.infer<typeof recordSchema>>;

/** What a record makes of an address: undefined when it is not one. */
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
