import type { SiteName } from "../site/HttpSiteOptions.ts";
import { LoginThrottle, type ThrottleRate } from "./LoginThrottle.ts";
import { networkOf } from "./networkOf.ts";

/** Of one name, from one network; of one name, on a device that is known; of one name, on logic's own machine. */
const ratePerName: ThrottleRate = { burst: 10, refillMs: 30_000 };
/** Of one name, from all strangers together: so few would let anybody keep a user's new devices out. */
const ratePerNameOfAll: ThrottleRate = { burst: 100, refillMs: 3000 };
/** Behind one address may be all of a plant. */
const ratePerAddress: ThrottleRate = { burst: 50, refillMs: 3000 };
/** By way of one kind of site: what it says of addresses is hearsay, and its token may be stolen. */
const ratePerSite: ThrottleRate = { burst: 1000, refillMs: 200 };

/** Who tries to log in, as far as it is known before the password was looked at. */
export interface LoginAttempt {
  readonly site: SiteName;
  /** As the site says. */
  readonly address: string;
  /** By what attempts for one name are counted. */
  readonly name: string;
  /** By what attempts of a browser are counted on which the user has logged in before. */
  readonly knownDevice?: string | undefined;
  readonly isOwnMachine: boolean;
}

/** What a permitted attempt counts for, until {@link succeeded} is called. */
export interface CountedAttempt {
  /** It was no failure. */
  succeeded(): void;
}

/**
 * How often it may be tried to log in. Strangers have budgets of each network, each name and each site, which whoever comes from
 * many networks can use up. So a device on which the user has logged in before has a budget of its own, and so has logic's
 * own machine: nobody elsewhere can use those up.
 */
export class LoginBudgets {
  readonly #strangers: Readonly<Record<SiteName, StrangerBudgets>> = {
    admin: strangerBudgets(),
    field: strangerBudgets(),
    office: strangerBudgets(),
  };
  readonly #devices = new LoginThrottle(ratePerName);
  readonly #ownMachine = new LoginThrottle(ratePerName);

  /** Counts an attempt. @returns undefined when it has been tried too often. */
  take({ site, address, name, knownDevice, isOwnMachine }: LoginAttempt): CountedAttempt | undefined {
    if (knownDevice !== undefined) return takeAll([[this.#devices, knownDevice]]);
    if (isOwnMachine) return takeAll([[this.#ownMachine, name]]);
    const network = networkOf(address);
    const { addresses, names, namesOfAll, all } = this.#strangers[site];
    return takeAll([
      [addresses, network],
      [names, `${network} ${name}`],
      [namesOfAll, name],
      [all, site],
    ]);
  }
}

/** Each kind of site has its own: whoever has stolen the token of one uses up nothing of another's. */
interface StrangerBudgets {
  readonly addresses: LoginThrottle;
  readonly names: LoginThrottle;
  readonly namesOfAll: LoginThrottle;
  readonly all: LoginThrottle;
}

function strangerBudgets(): StrangerBudgets {
  return {
    addresses: new LoginThrottle(ratePerAddress),
    names: new LoginThrottle(ratePerName),
    namesOfAll: new LoginThrottle(ratePerNameOfAll),
    all: new LoginThrottle(ratePerSite),
  };
}

function takeAll(budgets: readonly (readonly [LoginThrottle, string])[]): CountedAttempt | undefined {
  // Whoever is refused for one takes nothing of the others.
  if (!budgets.every(([throttle, key]) => throttle.allows(key))) return undefined;
  for (const [throttle, key] of budgets) throttle.count(key);
  return {
    succeeded: () => {
      for (const [throttle, key] of budgets) throttle.succeeded(key);
    },
  };
}
