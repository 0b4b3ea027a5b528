import { createHash } from "node:crypto";

/** The first key of all advisory locks of Peek: "peek", to keep them apart from those of other programs. */
export const lockNamespace = 0x7065656b;

const lockNumbers = { provisioning: 0, copy: 1, layout: 2, outboxCleanup: 3 } as const;

/**
 * The two keys of an advisory lock, as the arguments of PostgreSQL's lock functions.
 *
 * - `provisioning`: creating the plugins' schemas.
 * - `copy`: copying into the database.
 * - `layout`: creating objects in the schema peek_vortex.
 * - `outboxCleanup`: removing changes that were read from the outbox.
 */
export function lockKeys(name: keyof typeof lockNumbers): string {
  return `${lockNamespace}, ${lockNumbers[name]}`;
}

/** The two keys of the lock for migrating a plugin's schema. */
export function migrationLockKeys(plugin: string): string {
  // 0 is the provisioning lock's.
  return `${lockNamespace}, ${createHash("sha256").update(plugin).digest().readInt32BE() || 1}`;
}
