import { describe, expect, it } from "vitest";
import { findMount, isLocal, lockLimitation } from "../src/lockLimitation.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const mountinfo = String.raw`22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:34 / /srv rw,relatime shared:5 master:1 - nfs4 nas:/srv rw,vers=4.2,local_lock=none,addr=10.0.0.2
41 22 0:35 / /srv/old\040share rw - nfs nas:/old rw,vers=3,nolock,local_lock=all,addr=10.0.0.2
42 22 0:36 / /mnt rw - cifs //nas/mnt rw,nobrl
43 22 0:37 / /mnt rw - tmpfs none rw
44 22 0:38 / /home/a rw - fuse.sshfs a@b:/ rw
`;

describe("lockLimitation", () => {
  it.each([
    ["/var/lib/peek", "ext4", false],
    ["/srv/peek", "nfs4", false],
    ["/srv", "nfs4", false],
    ["/srv-not", "ext4", false],
    ["/srv/old share/peek", "nfs", true],
    ["/mnt/peek", "tmpfs", false],
    ["/home/a/x", "fuse.sshfs", true],
  ])("finds the mount of %s, of type %s, and whether its locks stay on the machine: %s", (dir, type, local) => {
    const mount = findMount(mountinfo, dir);
    expect(mount?.type).toBe(type);
    expect(mount && isLocal(mount)).toBe(local);
  });

  it("has nothing to say of a plain folder, and warns where the kernel took no lock", () => {
    const dir = temporaryFolder();
    expect(lockLimitation(dir, true)).toBeUndefined();
    expect(lockLimitation(dir, false)).toContain(`The file system of ${dir} has no locks.`);
  });
});
