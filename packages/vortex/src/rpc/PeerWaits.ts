import type { Peer, ServiceName } from "@peek/plugin-base";
import type { PeerWait } from "./PeerWait.ts";

/** What cannot be sent yet: found by what it waits for, and in the order in which it was to be sent. */
export class PeerWaits {
  readonly #all = new Set<PeerWait>();
  readonly #byService = new Map<ServiceName, Set<PeerWait>>();
  readonly #byKey = new Map<string, Set<PeerWait>>();

  get size(): number {
    return this.#all.size;
  }

  add(wait: PeerWait): void {
    this.#all.add(wait);
    addTo(this.#byService, wait.target.service, wait);
    addTo(this.#byKey, wait.target.key, wait);
  }

  delete(wait: PeerWait): void {
    this.#all.delete(wait);
    deleteFrom(this.#byService, wait.target.service, wait);
    deleteFrom(this.#byKey, wait.target.key, wait);
  }

  all(): readonly PeerWait[] {
    return [...this.#all];
  }

  /** Whether something waits for anybody of a service. */
  hasAnyFor(service: ServiceName): boolean {
    return this.#byService.has(service);
  }

  /** All that waits for anybody of a service. */
  ofService(service: ServiceName): readonly PeerWait[] {
    return [...(this.#byService.get(service) ?? [])];
  }

  /** What waits for this peer, or for any that serves what it does. */
  ofPeer({ service, instance, serves }: Peer): readonly PeerWait[] {
    const waits = [...(this.#byKey.get(instance) ?? [])];
    for (const contract of serves) waits.push(...(this.#byKey.get(serviceKey(service, contract)) ?? []));
    return waits.sort((a, b) => a.order - b.order);
  }
}

/** What one waits for who needs anybody of a service who serves a contract. Who needs an instance waits for its name. */
export function serviceKey(service: ServiceName, contract: string): string {
  return `${service} ${contract}`;
}

function addTo<Key>(index: Map<Key, Set<PeerWait>>, key: Key, wait: PeerWait): void {
  const waits = index.get(key);
  if (waits === undefined) index.set(key, new Set([wait]));
  else waits.add(wait);
}

function deleteFrom<Key>(index: Map<Key, Set<PeerWait>>, key: Key, wait: PeerWait): void {
  const waits = index.get(key);
  if (waits?.delete(wait) === true && waits.size === 0) index.delete(key);
}
