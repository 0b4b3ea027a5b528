/** One on whose behalf something waits. */
export interface RoomHolder {
  /** How many characters wait on its behalf; the room's own. */
  waitingChars: number;
}

/** How many characters may wait in one room: 64 Mi. */
const roomChars = 64 * 1024 * 1024;

/** Bounds what is kept until it is its turn: each may have as much as is left then for the others, so that nobody fills it up. */
export class WaitingRoom {
  #chars = 0;

  /** Returns whether there is room. */
  enter(holder: RoomHolder, chars: number): boolean {
    const left = roomChars - this.#chars - chars;
    if (holder.waitingChars + chars > left) return false;
    holder.waitingChars += chars;
    this.#chars += chars;
    return true;
  }

  leave(holder: RoomHolder, chars: number): void {
    holder.waitingChars -= chars;
    this.#chars -= chars;
  }
}
