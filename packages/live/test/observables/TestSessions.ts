import type { SessionCheck } from "@peek/plugin-base/internal";

/** Sessions as logic knows them, each proved by the id of its user; of `field:<id>` and `office:<id>`, only where it is from. */
export class TestSessions {
  readonly ended = new Set<string>();
  /** Those that were asked for. */
  readonly asked = new Set<string>();

  readonly check: SessionCheck = (proof, { service }) => {
    this.asked.add(proof);
    const [site, id = proof] = proof.split(":", 2);
    if (this.ended.has(proof) || (id !== proof && site !== service)) {
      return { ok: false, code: "SESSION_ENDED", message: "The session has ended." };
    }
    return { ok: true, user: { id, name: id, groups: [], anonymous: false }, device: "d1" };
  };
}
