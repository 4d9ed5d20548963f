"""Machines to provision: Debian with systemd as process 1, a real sshd, units and all, each in a container of its own.

Root and systemd-container are needed. A machine's root is a layer over one base, so that each costs only what it
changes; it has its own network, so that each has its own localhost. Nothing of it is imitated but the screen, which
is the compositor's headless one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.running import wait_for

SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "udev", "libpam-systemd", "openssh-server", "sudo", "procps", "iproute2"),
    *("python3", "python3-venv", "ca-certificates", "netbase", "labwc", "seatd", "chromium", "wlr-randr", "wlopm"),
    *("fonts-dejavu-core", "unattended-upgrades"),
)
LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
NETWORK = "10.173.0"
BRIDGE = "kiosk-fleet"
CGROUPS = (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
REBOOTED = 133
HEADLESS = """[Unit]
ConditionPathExists=
ConditionPathExists=/opt/kiosk/current
[Service]
TTYPath=
TTYReset=no
TTYVHangup=no
TTYVTDisallocate=no
StandardInput=null
Environment=WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman
"""
# What boots a machine, and boots it again when it reboots; a cgroup of its own keeps machines from sharing one.
BOOT = """
for group in $GROUPS_OF_IT; do mkdir -p "$group" && echo $$ > "$group/cgroup.procs"; done
code=133
while [ $code = 133 ]; do
    systemd-nspawn -q --register=no --keep-unit --link-journal=no --resolv-conf=off --machine="$NAME" \\
        --network-bridge="$BRIDGE" -D "$ROOT" --boot > "$LOG" 2>&1
    code=$?
done
"""


class RigError(Exception):
    """This computer cannot run machines."""


@dataclass
class Rig:
    """A folder for the base and the machines, and the network between them."""

    folder: Path
    key: Path = field(init=False)
    machines: list[Machine] = field(default_factory=list)

    def prepare(self) -> None:
        """Make base, key and network. Raises RigError with what is missing."""
        self._check()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_base()
        self.key = self.folder / "key"
        if not self.key.exists():
            sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        self._make_network()

    def machine(self, name: str, place: int) -> Machine:
        """Make and boot a machine at an address of the network; nothing but Debian and our key is on it."""
        made = Machine(self, name, f"{NETWORK}.{place}")
        self.machines.append(made)
        made.make()
        made.boot()
        return made

    def known_hosts(self) -> str:
        """Return the host keys of all machines, as somebody wrote them down at first contact."""
        return "".join(f"{one.address} {one.host_key()}\n" for one in self.machines)

    def close(self) -> None:
        """Stop every machine and take the network away; the base stays."""
        for one in self.machines:
            one.stop()
            one.remove()
        subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True, check=False)

    @property
    def base(self) -> Path:
        """Return the folder of the base, named for what is in it."""
        words = " ".join((SUITE, *PACKAGES, *LEFT_OUT))
        return self.folder / f"base-{hashlib.sha256(words.encode()).hexdigest()[:12]}"

    def _check(self) -> None:
        if os.geteuid() != 0:
            raise RigError("Machines can be run by root only.")
        needed = {"systemd-nspawn": "systemd-container", "mmdebstrap": "mmdebstrap", "ssh-keygen": "openssh-client"}
        missing = [package for program, package in needed.items() if not shutil.which(program)]
        if missing:
            raise RigError(f"Missing here: {' '.join(missing)}. Run `apt-get install -y {' '.join(missing)}`.")

    def _make_base(self) -> None:
        if (self.base / "etc").is_dir():
            return
        new = self.base.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        leave = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
        include = f"--include={','.join(PACKAGES)}"
        sh("mmdebstrap", "-q", "--variant=minbase", include, *leave, SUITE, str(new), MIRROR)
        new.rename(self.base)

    def _make_network(self) -> None:
        subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True, check=False)
        sh("ip", "link", "add", BRIDGE, "type", "bridge")
        sh("ip", "address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        sh("ip", "link", "set", BRIDGE, "up")
        runtime = Path("/run/systemd/nspawn")
        runtime.mkdir(parents=True, exist_ok=True)
        if not runtime.is_mount():  # nspawn refuses to clean a folder that lies on a disk
            sh("mount", "-t", "tmpfs", "tmpfs", str(runtime))


@dataclass
class Machine:
    """One machine: a name, an address, and a process that boots it again whenever it reboots."""

    rig: Rig
    name: str
    address: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        return self.rig.folder / self.name / "root"

    def make(self) -> None:
        """Lay a fresh layer over the base, with our key, a host key of its own, and a headless screen."""
        self.remove()
        upper, work = self.rig.folder / self.name / "upper", self.rig.folder / self.name / "work"
        for path in (upper, work, self.root):
            path.mkdir(parents=True)
        layers = f"lowerdir={self.rig.base},upperdir={upper},workdir={work}"
        sh("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        self._write("etc/hostname", f"{self.name}\n")
        self._write("etc/machine-id", "")
        self._write(
            "etc/systemd/network/10-host0.network", f"[Match]\nName=host0\n[Network]\nAddress={self.address}/24\n"
        )
        self._write("etc/systemd/system/kiosk-display.service.d/headless.conf", HEADLESS)
        self._write("etc/sudoers.d/pi", "pi ALL=(ALL) NOPASSWD:ALL\n")
        sh("systemctl", f"--root={self.root}", "-q", "enable", "systemd-networkd")
        sh("chroot", str(self.root), "useradd", "-m", "-s", "/bin/bash", "pi")
        self._write("home/pi/.ssh/authorized_keys", self.rig.key.with_suffix(".pub").read_text())
        sh("chroot", str(self.root), "chown", "-R", "pi:pi", "/home/pi")
        self.new_host_key()

    def new_host_key(self) -> None:
        """Give the machine another host key, as somebody has who pretends to be it."""
        for old in (self.root / "etc/ssh").glob("ssh_host_*"):
            old.unlink()
        sh("ssh-keygen", "-q", "-A", "-f", str(self.root))

    def host_key(self) -> str:
        return " ".join((self.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2])

    def boot(self) -> None:
        """Start the machine and wait until somebody can log in."""
        groups = [group / f"pi-{self.name}" for group in CGROUPS if (group / "cgroup.procs").exists()]
        given = {
            "GROUPS_OF_IT": " ".join(map(str, groups)),
            "NAME": self.name,
            "BRIDGE": BRIDGE,
            "ROOT": str(self.root),
            "LOG": str(self.rig.folder / self.name / "console.log"),
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
            "PATH": os.environ["PATH"],
        }
        self.process = subprocess.Popen(
            ["bash", "-c", BOOT], env=given, stdin=subprocess.DEVNULL, start_new_session=True
        )
        wait_for(self.is_up, 60)

    def is_up(self) -> bool:
        return self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded")

    def run(self, command: str, check: bool = True, timeout: float = 120) -> str:
        """Run a command on the machine as root, over SSH, and return what it printed."""
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=3"]
        ssh = [
            "ssh",
            "-q",
            "-i",
            str(self.rig.key),
            *options,
            f"pi@{self.address}",
            f"sudo -n sh -c {_quoted(command)}",
        ]
        done = subprocess.run(ssh, capture_output=True, text=True, check=False, timeout=timeout)
        assert not check or done.returncode == 0, f"{self.name}: {command}: {done.stdout}{done.stderr}"
        return done.stdout

    def file(self, path: str) -> Path:
        """Return where a file of the machine lies on this computer; what it keeps in memory does not."""
        return self.root / path.lstrip("/")

    def stop(self) -> None:
        """Turn the machine off, as its power key does."""
        if self.process is None or self.process.poll() is not None:
            return
        for child in children(self.process.pid):
            os.kill(child, signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.cut()
        self.process = None

    def cut(self) -> None:
        """Pull the plug: nothing is written any more."""
        assert self.process is not None
        self.process.kill()
        for group in CGROUPS:
            for procs in sorted((group / f"pi-{self.name}").rglob("cgroup.procs")):
                for pid in procs.read_text().split():
                    _kill(int(pid))
        self.process.wait(30)
        wait_for(lambda: not self._link_exists(), 30)

    def remove(self) -> None:
        """Take its root away."""
        subprocess.run(["umount", "-R", str(self.root)], capture_output=True, check=False)
        shutil.rmtree(self.rig.folder / self.name, ignore_errors=True)
        for group in CGROUPS:
            for path in sorted((group / f"pi-{self.name}").glob("**"), reverse=True):
                path.rmdir() if path.is_dir() and path.name else None

    def _link_exists(self) -> bool:
        return Path(f"/sys/class/net/vb-{self.name}").exists()

    def _write(self, path: str, content: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def sh(*command: str) -> str:
    """Run a program to its end and return what it printed; its own words are the failure."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "'\\''") + "'"


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        time.sleep(0)
