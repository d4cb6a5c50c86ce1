#!/usr/bin/python3
"""An installed home with its three users, lived through from 'writ init' to a delivered file, in a root
of its own: unshare --mount --pid --fork --kill-child installed.py ROOT, as root. ROOT holds what 'make
install' left, and this machine's /etc and programs are lent to it. What systemd would do, this does
from the units themselves: sockets with their owner and mode, users, what each unit hides. Prints a line
for each thing that holds; ends with 1 and the reason at the first that does not.
SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json
import os
import pathlib
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time

UNITS = pathlib.Path("/usr/lib/systemd/system")
STAFF = {"ana": "decide roster halt", "ben": "approve roster", "chi": "approve"}
FAR = {"WRIT_HOME", "WRIT_BUILD", "WRIT_BUILD_HOOKS", "WRIT_BUILD_ASAN", "WRIT_SHARED"}


def run(*argv, user=None, want=0, **how):
    """As root, or as a person with nothing but a person's rights; gives what was printed."""
    argv = [str(a) for a in argv]
    if user:
        argv = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env", "--"] + argv
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **how)
    if want is not None and done.returncode != want:
        raise AssertionError(f"{' '.join(argv)}: {done.returncode} instead of {want}\n{done.stdout}{done.stderr}")
    return done.stdout


def can(user, *argv):
    return subprocess.run(["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env", "--", *argv],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def holds(what, condition=True):
    if not condition:
        raise AssertionError(what)
    print(f"ok {what}", flush=True)


# ---- the root ----

def lend(root):
    """This machine's programs and settings for a chroot; only ROOT and the namespace are changed."""
    run("mount", "--bind", root, root)      # unshare inside wants a mount as its root
    for name in ("bin", "lib"):
        host, here = pathlib.Path("/usr", name), root / "usr" / name
        (root / "host" / name).mkdir(parents=True)
        run("mount", "--bind", host, root / "host" / name)
        for entry in os.listdir(host):
            if not os.path.lexists(here / entry):
                os.symlink(f"/host/{name}/{entry}", here / entry)
    for name in ("sbin", "lib64", "libexec"):
        if os.path.isdir(f"/usr/{name}"):
            (root / "usr" / name).mkdir()
            run("mount", "--bind", f"/usr/{name}", root / "usr" / name)
    for entry in os.listdir("/usr/share"):
        if not os.path.lexists(root / "usr/share" / entry):
            os.makedirs(root / "host/share", exist_ok=True)
            os.symlink(f"/host/share/{entry}", root / "usr/share" / entry)
    run("mount", "--bind", "/usr/share", root / "host/share")
    for name in ("bin", "sbin", "lib", "lib64"):
        if os.path.lexists(f"/{name}"):
            os.symlink(f"usr/{name}", root / name)
    for name in ("dev", "sys", "proc"):
        (root / name).mkdir()
    run("mount", "--rbind", "/dev", root / "dev")
    run("mount", "--rbind", "/sys", root / "sys")
    run("mount", "-t", "proc", "proc", root / "proc")
    for name, mode in (("tmp", 0o1777), ("var/tmp", 0o1777), ("run", 0o755), ("home", 0o755), ("srv", 0o700)):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name).chmod(mode)


def people():
    run("systemd-sysusers")
    run("systemd-tmpfiles", "--create", "--prefix=/var/lib/writ", "--prefix=/var/lib/writ-seal", "--prefix=/etc/writ",
        "--prefix=/run/writ")
    for name in (*STAFF, "eve", "vmail"):
        run("useradd", "--create-home", "--user-group", *(["--groups", "writ-staff"] if name in STAFF else []), name)
        home = pathlib.Path("/home", name)
        home.chmod(0o700)
        if name in STAFF:
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", home / "key", user=name)
    run("mkdir", "-p", "/var/vmail/mail.example/alice/Maildir/cur", "/var/vmail/mail.example/alice/Maildir/new")
    for n in range(20):
        path = pathlib.Path(f"/var/vmail/mail.example/alice/Maildir/cur/{n}.demo:2,S")
        path.write_text(f"From: bob@mail.example\nTo: alice@mail.example\nSubject: {n}\n"
                        f"Date: Sat, {n + 1:02} Nov 2025 10:00:00 +0000\n\nhello {n}\n")
        os.utime(path, (1761991200 + n * 86400,) * 2)
    run("chown", "-R", "vmail:vmail", "/var/vmail")
    run("chmod", "-R", "go=", "/var/vmail")


# ---- what systemd does ----

def unit(name):
    out = {}
    for line in (UNITS / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            out[key] = value
    return out


def listen(name):
    u = unit(name)
    path = u["ListenSequentialPacket"]
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.bind(path)
    shutil.chown(path, u["SocketUser"], u["SocketGroup"])
    os.chmod(path, int(u["SocketMode"], 8))
    sock.listen(16)
    return sock


def start(name, fd):
    """ExecStart with the descriptor as 3, as the unit's user, without what the unit hides."""
    u = unit(name)
    script = ["set -e"]
    kept = u.get("BindReadOnlyPaths", "").lstrip("-")
    for hidden in u.get("TemporaryFileSystem", "").split():
        path = hidden.split(":")[0]
        if kept:
            script.append(f"mkdir -p /run/kept; mount --bind {kept} /run/kept")
        script.append(f"mount -t tmpfs -o mode=755 tmpfs {path}")
        if kept:
            script.append(f"mkdir {kept}; mount --bind /run/kept {kept}; mount -o remount,bind,ro {kept}")
        script.append(f"mount -o remount,ro {path}")
    for hidden in u.get("InaccessiblePaths", "").split():
        script.append(f"mount -t tmpfs -o mode=000 tmpfs {hidden.lstrip('-')}")
    script.append(f"exec setpriv --reuid {u['User']} --regid {u['Group']} --init-groups --no-new-privs "
                  f"--bounding-set=-all --inh-caps=-all {u['ExecStart']}")

    def hand_over():
        os.dup2(fd, 3)      # not inheritable only if it is 3 already
        os.set_inheritable(3, True)
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LISTEN_FDS": "1", "INVOCATION_ID": "0" * 32}
    with open("/run/journal", "ab") as journal:
        return subprocess.Popen(["unshare", "--mount", "sh", "-c", "\n".join(script)], env=env, stdin=subprocess.DEVNULL,
                                stdout=journal, stderr=journal, close_fds=False, preexec_fn=hand_over)


def serve_hands(sock):
    while True:
        connection, _ = sock.accept()
        process = start("writ-hand@.service", connection.fileno())
        connection.close()
        threading.Thread(target=process.wait, daemon=True).start()


# ---- the life ----

ANSWERS = """provider: Example Mail
domain: mail.example
country: FR
founders:
{founders}agencies:
  - lutetia
stores:
  - name: main
    kind: maildir
    path: "/var/vmail/{{domain}}/{{local}}/Maildir"
    region: FR
    law: FR
    categories:
      - CONTENT_COMM
      - MSG_META
ticks: on-demand
retention: "90"
notice: "7"
"""
ORDER = """order_version: 1
facts:
  facts_version: 1
  order:
    received_via: EMAIL
    document_sha256: {hash}
  issuer:
    country: FR
    authority_kind: JUDGE_COURT
    authority_name: Tribunal judiciaire de Lutece
  instrument:
    kind: COURT_PRODUCTION_ORDER
    provisions:
      - unknown
    issued_on: 2026-11-20
    served_on: Example Mail
  purpose:
    proceeding: CRIMINAL_INVESTIGATION
  demands:
    - id: d1
      category: CONTENT_COMM
      shape: TARGETED
      target_kind: EMAIL
      target: alice@mail.example
      range: DATES
      from: 2025-11-03
      until: 2025-11-09
authority_reference: 26-1001
agency: lutetia
recipients:
  - Lutece 2026
lines:
  - id: d1
    date_meaning: delivery
    zone: UTC
    stores:
      - main
    folders:
      - ALL
"""


def make_home():
    founders = "".join(
        f"  - name: {n.capitalize()}\n    unix_user: {n}\n    key: {' '.join(pathlib.Path(f'/home/{n}/key.pub').read_text().split()[:2])}\n"
        "    may:\n" + "".join(f"      - {m}\n" for m in may.split()) for n, may in STAFF.items())
    folder = pathlib.Path("/srv/init")
    folder.mkdir()
    (folder / "answers.yaml").write_text(ANSWERS.format(founders=founders))
    run("writ", "init", "--answers", folder / "answers.yaml")
    # The founders sign at home and send their signatures back.
    document = pathlib.Path("/var/lib/writ/founding.json").read_bytes()
    for n in ("ana", "ben"):
        own = pathlib.Path("/home", n, "founding.json")
        own.write_bytes(document)
        run("chown", n, own)
        run("ssh-keygen", "-q", "-Y", "sign", "-f", f"/home/{n}/key", "-n", "writ-roster@v1", own, user=n)
        shutil.copy(f"{own}.sig", folder / f"{n}.sig")
    run("writ", "init", "--signature", folder / "ana.sig", "--signature", folder / "ben.sig")
    stores = pathlib.Path("/etc/writ/stores.yaml")
    stores.write_text(stores.read_text() + "accept_no_landlock: yes\n")
    holds("root's init makes a home, and two founders' signatures make it live")


def check_walls():
    for user, path in (("writ", "/var/lib/writ-seal"), ("writ", "/etc/writ"), ("writ", "/var/vmail/mail.example"),
                       ("writ-seal", "/var/lib/writ/vault"), ("writ-seal", "/var/lib/writ/blob"), ("writ-seal", "/etc/writ"),
                       ("writ-hand", "/var/lib/writ-seal"), ("writ-hand", "/var/lib/writ/vault"), ("writ-hand", "/var/lib/writ/blob"),
                       ("eve", "/var/lib/writ/vault"), ("eve", "/var/lib/writ-seal"), ("eve", "/etc/writ"),
                       ("ana", "/var/lib/writ/vault"), ("ana", "/var/lib/writ-seal"), ("ana", "/etc/writ")):
        holds(f"{user} does not see into {path}", can(user, "ls", path).returncode != 0)
    for user in ("writ", "writ-seal", "eve", "ana"):
        holds(f"{user} does not read stores.yaml", can(user, "cat", "/etc/writ/stores.yaml").returncode != 0)
    for user in ("writ-seal", "writ-hand", "eve", "ana"):
        holds(f"{user} does not read the database", can(user, "cat", "/var/lib/writ/writ.db").returncode != 0)
    for path in pathlib.Path("/var/lib/writ").rglob("*"):
        st = path.lstat()
        if pwd.getpwuid(st.st_uid).pw_name not in ("writ", "root") or st.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            holds(f"{path} belongs to the home and nobody else writes it", False)
    for user in ("eve", "ana", "writ-seal"):
        for name in ("seal", "hand"):
            code = ("import socket\ns = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                    f"s.connect('/run/writ/{name}.sock')\n")
            holds(f"{user} does not reach {name}.sock", can(user, "/usr/bin/python3", "-c", code).returncode != 0)
    # What must work is shown to work by the same means, so that the lines above can fail.
    holds("the others do reach what is theirs", not any(can(user, *argv).returncode for user, *argv in (
        ("writ", "cp", "/var/lib/writ/writ.db", "/dev/null"), ("writ", "ls", "/var/lib/writ/vault"), ("writ-seal", "ls", "/var/lib/writ-seal"),
        ("writ-hand", "cat", "/etc/writ/stores.yaml"), ("writ-hand", "ls", "/var/vmail/mail.example"),
        ("eve", "cat", "/etc/writ/seal.pub"), ("writ", "writ", "tick"))))


def live():
    run("age-keygen", "-o", "/home/eve/court.age", user="eve")
    recipient = run("age-keygen", "-y", "/home/eve/court.age", user="eve").strip()
    agency = ["agency", "add", "--id", "lutetia", "--name", "Police judiciaire", "--country", "FR", "--label", "Lutece 2026",
              "--recipient", recipient, "--checked", "in person"]
    run("writ", *agency, "--print", "/home/ana/agency.json", user="ana")
    shutil.copy("/home/ana/agency.json", "/home/ben/agency.json")
    run("chown", "ben", "/home/ben/agency.json")
    for n in ("ana", "ben"):
        run("ssh-keygen", "-q", "-Y", "sign", "-f", f"/home/{n}/key", "-n", "writ-roster@v1", f"/home/{n}/agency.json", user=n)
    shutil.copy("/home/ben/agency.json.sig", "/home/ana/ben.sig")
    run("chown", "ana", "/home/ana/ben.sig")
    run("writ", "agency", "add", "--document", "/home/ana/agency.json", "--signature", "/home/ana/agency.json.sig",
        "--signature", "/home/ana/ben.sig", user="ana")
    holds("two people who never meet register an agency")

    run("writ", "store", "check", user="ana", want=None)
    run("setfacl", "-R", "-m", "u:writ-hand:rX,d:u:writ-hand:rX", "/var/vmail")
    run("writ", "store", "check", user="ana")
    run("writ", "doctor", user="ana")
    holds("the hand reads the mail through an ACL, and doctor is content")

    paper = b"ORDER 26-1001"
    pathlib.Path("/home/ben/order.pdf").write_bytes(paper)
    pathlib.Path("/home/ben/order.yaml").write_text(ORDER.format(hash=hashlib.sha256(paper).hexdigest()))
    run("chown", "-R", "ben:ben", "/home/ben")
    said = run("writ", "order", "submit", "order.yaml", "--paper", "order.pdf", user="ben", cwd="/home/ben")
    ref = said.split()[0]
    run("writ", "authenticate", ref, "--by", "callback", "--over", "+33140000000", "--found", "directory", user="ben")
    holds("staff hand in files that only they can read")

    denied = can("eve", "writ", "show", ref)
    holds("who is not staff does not even read", denied.returncode != 0 and "26-1001" not in denied.stdout)
    run("writ", "decide", ref, "comply", "--key", "/home/ben/key", user="ben", want=4)
    run("writ", "decide", ref, "comply", "--as", "Ana", "--key", "/home/ben/key", user="ben", want=4)
    run("writ", "decide", ref, "comply", "--key", "/home/ben/key", user="ben", want=4,
        env={**os.environ, "SUDO_UID": str(pwd.getpwnam("ana").pw_uid)})
    holds("nobody acts as somebody else")
    run("writ", "decide", ref, "comply", "--key", "/home/ana/key", user="ana")
    holds("counsel signs with a key that the user writ cannot read")
    said = json.loads(run("writ", "collect", ref, "--json", user="ben"))
    holds("a hand behind its unit collects exactly the week", (said["items"], said["separation"]) == (7, "users"))
    run("writ", "notify", ref, "--sent", user="ana")
    run("writ", "release", ref, user="ben", want=4)
    for n in ("ben", "chi"):
        run("writ", "approve", ref, "--key", f"/home/{n}/key", user=n)
    run("writ", "release", ref, user="chi")
    run("writ", "deliver", ref, "--out", "/home/chi/out.writ.tar", user="chi")
    run("writ", "policy", "export", "--out", "/home/chi/policy.json", user="chi")
    holds("the delivered file belongs to who asked for it", os.stat("/home/chi/out.writ.tar").st_uid == pwd.getpwnam("chi").pw_uid)
    for name in ("out.writ.tar", "policy.json"):
        shutil.copy(f"/home/chi/{name}", f"/home/eve/{name}")
        run("chown", "eve", f"/home/eve/{name}")
    run("writ-verify", "/home/eve/out.writ.tar", "--identity", "/home/eve/court.age", "--policy", "/home/eve/policy.json", user="eve")
    holds("the court verifies it")
    run("writ", "log", "verify", user="ana")
    holds("the log agrees")


def main():
    root = pathlib.Path(sys.argv[1])
    lend(root)
    os.chroot(root)
    os.chdir("/")
    for name in FAR:
        os.environ.pop(name, None)
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    people()
    seal, hand = listen("writ-seal.socket"), listen("writ-hand.socket")
    threading.Thread(target=serve_hands, args=(hand,), daemon=True).start()

    def serve_seal():
        # As by socket activation: started at the first connection, again if it ended.
        import select
        while True:
            select.select([seal], [], [])
            start("writ-seal.service", seal.fileno()).wait()
            time.sleep(0.2)
    threading.Thread(target=serve_seal, daemon=True).start()
    try:
        make_home()
        live()
        check_walls()
    except Exception as e:  # whatever it is, the journal is shown and the namespace ends
        journal = pathlib.Path("/run/journal")
        print(f"FAILED {e}\njournal:\n{journal.read_text()[-3000:] if journal.exists() else '-'}", flush=True)
        os._exit(1)
    print("all holds", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
