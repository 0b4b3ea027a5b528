import type { SiteName } from "../site/SiteName.ts";
import { type BucketRate, KeyedTokenBuckets } from "./KeyedTokenBuckets.ts";
import { networkOf } from "./networkOf.ts";

/** Logins with one name: from one network, on one known device, or on logic's own machine. */
const ratePerName: BucketRate = { burst: 10, refillMs: 30_000 };
/** Logins with one name from all networks: a lower rate would allow an attacker to lock new devices of the user out. */
const ratePerNameFromAll: BucketRate = { burst: 100, refillMs: 3000 };
/** A whole plant may be behind one address. */
const ratePerNetwork: BucketRate = { burst: 50, refillMs: 3000 };
/** Logins by way of one site: logic cannot verify the addresses that a site reports, and the site's token may be stolen. */
const ratePerSite: BucketRate = { burst: 1000, refillMs: 200 };

/** A login before the password is checked. */
export interface LoginAttempt {
  readonly site: SiteName;
  /** The address that the site reports. */
  readonly address: string;
  /** The key for counting logins with the name. */
  readonly name: string;
  /** The key for counting logins on the device, when the user has logged in on it before. */
  readonly knownDevice?: string | undefined;
  readonly isLocal: boolean;
}

/** An allowed attempt. It counts as a failure until it succeeds. */
export interface CountedAttempt {
  /** The attempt does not count. */
  succeeded(): void;
}

/**
 * Limits failed logins. Strangers share limits for each network, name and site, which an attacker with many networks can exhaust.
 * Therefore a device on which the user has logged in before has a limit of its own, and so does logic's own machine.
 */
export class LoginRateLimits {
  readonly #strangers: Readonly<Record<SiteName, StrangerLimits>> = {
    admin: strangerLimits(),
    field: strangerLimits(),
    office: strangerLimits(),
  };
  readonly #devices = new KeyedTokenBuckets(ratePerName);
  readonly #ownMachine = new KeyedTokenBuckets(ratePerName);

  /** Counts an attempt. @returns undefined when a limit has been reached. */
  count({ site, address, name, knownDevice, isLocal }: LoginAttempt): CountedAttempt | undefined {
    if (knownDevice !== undefined) return takeFromAll([[this.#devices, knownDevice]]);
    if (isLocal) return takeFromAll([[this.#ownMachine, name]]);
    const network = networkOf(address);
    const { networks, names, namesFromAll, all } = this.#strangers[site];
    return takeFromAll([
      [networks, network],
      [names, `${network} ${name}`],
      [namesFromAll, name],
      [all, site],
    ]);
  }
}

/** Each site has its own: a stolen token of one site cannot exhaust the limits of another. */
interface StrangerLimits {
  readonly networks: KeyedTokenBuckets;
  readonly names: KeyedTokenBuckets;
  readonly namesFromAll: KeyedTokenBuckets;
  readonly all: KeyedTokenBuckets;
}

function strangerLimits(): StrangerLimits {
  return {
    networks: new KeyedTokenBuckets(ratePerNetwork),
    names: new KeyedTokenBuckets(ratePerName),
    namesFromAll: new KeyedTokenBuckets(ratePerNameFromAll),
    all: new KeyedTokenBuckets(ratePerSite),
  };
}

/** Takes a token from all buckets, or from none. */
function takeFromAll(buckets: readonly (readonly [KeyedTokenBuckets, string])[]): CountedAttempt | undefined {
  if (!buckets.every(([bucket, key]) => bucket.hasToken(key))) return undefined;
  for (const [bucket, key] of buckets) bucket.take(key);
  return {
    succeeded: () => {
      for (const [bucket, key] of buckets) bucket.giveBack(key);
    },
  };
}
