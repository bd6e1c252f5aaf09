"""Programs that look hard at what surrounds them, run bare and wrapped and compared."""

from __future__ import annotations

import sys
from typing import NamedTuple

PYTHON = (sys.executable, "-I", "-S", "-c")

PIPE, FILE, APPEND, NULL, PTY = "pipe", "file", "append", "null", "pty"
NO_IN, NO_OUT, NO_ERR, NONE_OPEN = "closed-in", "closed-out", "closed-err", "closed-all"
PLAIN = (PIPE, FILE, APPEND, NULL)
CLOSED = (NO_IN, NO_OUT, NO_ERR, NONE_OPEN)
EVERY = (*PLAIN, PTY, *CLOSED)


class Program(NamedTuple):
    """One program of the comparison.

    Attributes:
        name: Test id.
        argv: What is run; ``{dir}`` in it becomes the working directory.
        kinds: Which standard streams it is run with.
        stdin: What its standard input holds (kinds of PLAIN).
        setup: Shell commands run in the same working directory beforehand.
        prefix: What starts it, bare or wrapped alike (nohup, nice, a shell that sets limits).
        messages: Whether standard error is compared (False where the message is env's own).
        tee: Whether ``tee`` mode must agree (False where it is documented to differ).
    """

    name: str
    argv: tuple[str, ...]
    kinds: tuple[str, ...] = PLAIN
    stdin: bytes = b""
    setup: str = ""
    prefix: tuple[str, ...] = ()
    messages: bool = True
    tee: bool = True


def sh(name: str, script: str, **options: object) -> Program:
    return Program(name, ("sh", "-c", script), **options)  # type: ignore[arg-type]


def py(name: str, script: str, **options: object) -> Program:
    return Program(name, (*PYTHON, script), **options)  # type: ignore[arg-type]


def limits(script: str) -> tuple[str, ...]:
    """Return a prefix: a shell that changes something of itself and becomes the command."""
    return ("bash", "-c", f'{script}; exec "$@"', "prefix")


BINARY = bytes(range(256)) * 40 + b"\0\0\n\r\x1b[31m\xff"
LARGE = b"0123456789abcde\n" * 200_000

STATUS = """
keep = ("Umask", "Groups", "Threads", "SigBlk", "SigIgn", "SigCgt", "CapEff", "NoNewPrivs",
        "Seccomp", "Cpus_allowed", "TracerPid", "Uid", "Gid")
out = open("result", "w")
for line in open("/proc/self/status"):
    if line.split(":")[0] in keep:
        out.write(line)
"""
DESCRIPTORS = """
import os, stat
out = os.open("result", os.O_WRONLY | os.O_CREAT, 0o600)
for name in sorted(os.listdir("/proc/self/fd"), key=int):
    fd = int(name)
    if fd == out:
        continue
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        continue
    os.write(out, b"%d %o\\n" % (fd, stat.S_IFMT(mode)))
"""

PROGRAMS = [
    # --- exit codes and deaths
    sh("exit-0", "exit 0", kinds=EVERY),
    sh("exit-1", "exit 1"),
    sh("exit-42", "echo out; echo err >&2; exit 42", kinds=EVERY),
    sh("exit-255", "exit 255"),
    Program("true", ("true",), EVERY),
    sh("killed-TERM", "kill -TERM $$", kinds=EVERY),
    sh("killed-KILL", "echo before; kill -KILL $$", kinds=EVERY),
    sh("killed-SEGV", "ulimit -c 0; kill -SEGV $$"),
    sh("killed-ABRT", "ulimit -c 0; kill -ABRT $$", kinds=(PIPE, PTY)),
    sh("killed-INT", "kill -INT $$", kinds=(PIPE, FILE, PTY)),
    sh("killed-PIPE", "kill -PIPE $$", kinds=(PIPE, FILE, PTY)),
    sh("killed-HUP", "kill -HUP $$", kinds=(PIPE, FILE, PTY)),
    sh("killed-USR1", "kill -USR1 $$"),
    sh("killed-realtime", "kill -40 $$"),
    py("aborts", "import os, resource; resource.setrlimit(resource.RLIMIT_CORE,(0,0)); os.abort()"),
    # --- input
    Program("cat-text", ("cat",), stdin=b"one\ntwo\n"),
    Program("cat-binary", ("cat",), stdin=BINARY),
    Program("cat-empty", ("cat",), (*PLAIN, NO_IN), stdin=b""),
    Program("cat-large", ("cat",), (PIPE, FILE), stdin=LARGE),
    Program("read-one-line", ("sh", "-c", "read x; echo got $x; cat >/dev/null"), stdin=b"a\nb\n"),
    sh("ignores-input", "echo done", stdin=LARGE),
    py("input-left-for-the-next", "import os; print(os.read(0, 3))", stdin=b"abcdef"),
    # --- output
    py("binary-output", "import os; os.write(1, bytes(range(256)) * 64)"),
    py("no-newline", "import os; os.write(1, b'x'); os.write(2, b'y')", kinds=EVERY),
    sh("nothing", ":", kinds=EVERY),
    sh("big-output", "head -c 50000000 /dev/zero", kinds=(PIPE, FILE)),
    sh("big-text", "yes labrec | head -c 3000000", kinds=(PIPE, FILE, PTY)),
    py(
        "interleaved",
        "import os\nfor i in range(200): os.write(1 + i % 2, b'%d\\n' % i)",
        kinds=("merged-pipe", "merged-file", "merged-append", PTY),
    ),
    sh("colours", "printf '\\033[31mred\\033[0m\\n\\r50%%\\r100%%\\n'", kinds=(*PLAIN, PTY)),
    sh("utf8", "printf 'äöü €\\n\\377\\n'", kinds=(PIPE, PTY)),
    py("truncates-its-output", "import os; os.write(1, b'abc'); os.ftruncate(1, 0)", kinds=(FILE,)),
    py("seeks-its-output", "import os; os.write(1, b'abc'); os.lseek(1, 0, 0); os.write(1, b'X')",
       kinds=(FILE,)),
    sh("reopens-stdout", "echo a; echo b > /dev/stdout; echo c >> /dev/stdout", kinds=(PIPE, APPEND, PTY)),
    # --- descriptors
    py("descriptors", DESCRIPTORS, kinds=(PIPE, *CLOSED)),
    py("descriptor-flags",
       "import fcntl\nr=open('result','w')\nfor f in (0,1,2): r.write('%o\\n' % fcntl.fcntl(f, fcntl.F_GETFL))",
       kinds=(FILE, APPEND, PTY), tee=True),
    sh("writes-to-closed", "echo x; echo $? > result; echo y >&2; echo $? >> result", kinds=(*CLOSED, PIPE)),
    sh("reads-closed", "cat; echo $? > result", kinds=(NO_IN, NONE_OPEN)),
    sh("inherited-descriptor", "echo extra >&7; cat result", prefix=limits("exec 7>result")),
    sh("jobserver", "cat <&8; echo; ls /proc/self/fd | tr '\\n' ' ' > result",
       prefix=limits("exec 8< <(printf token)"), kinds=(PIPE,)),
    # --- process attributes
    py("status", STATUS, kinds=(PIPE, FILE, NONE_OPEN)),
    py("umask", "import os; print(oct(os.umask(0)))", prefix=limits("umask 027")),
    sh("umask-file", "touch result; stat -c %a result", prefix=limits("umask 077"), kinds=(PIPE,)),
    sh("ulimit", "ulimit -a; ulimit -Ha",
       prefix=limits("ulimit -n 300; ulimit -f 100000; ulimit -s 4096; ulimit -u 10000")),
    sh("file-size-limit", "ulimit -f 1; head -c 100000 /dev/zero > result; echo $?", kinds=(PIPE,)),
    py("nice", "import os; print(os.nice(0))", prefix=("nice", "-n", "7")),
    Program("environment", ("env",), (PIPE, PTY)),
    Program("environment-small", ("/usr/bin/env",), (PIPE,), prefix=("env", "-i", "A=1", "LC_CTYPE=C.UTF-8")),
    Program("environment-empty", ("/usr/bin/env",), (PIPE,), prefix=("env", "-i", "PATH=/bin:/usr/bin")),
    py("environment-huge", "import os; print(len(os.environ['HUGE']), hash(1))",
       prefix=limits("export HUGE=$(head -c 100000 /dev/zero | tr '\\0' x)"), kinds=(PIPE,)),
    Program("cwd", ("pwd", "-P"), (PIPE, PTY)),
    py("ids", "import os; print(os.getpgrp(), os.getsid(0), os.getuid(), os.getgid())"),
    py("ends-its-session", "import os\nif os.fork() == 0:\n os.setsid(); os.write(1, b'in session\\n'); os._exit(0)\nos.wait()",
       kinds=(PIPE, FILE, PTY)),
    py("oom-score", "print(open('/proc/self/oom_score_adj').read())", kinds=(PIPE,)),
    Program("affinity", (*PYTHON, "import os; print(os.sched_getaffinity(0))"), (PIPE,),
            prefix=("taskset", "-c", "0")),
    # --- signals
    sh("signal-handler", "trap 'echo caught; exit 9' USR1; kill -USR1 $$; sleep 5", kinds=(PIPE, PTY)),
    py("blocked-signals", "import signal; print(sorted(signal.pthread_sigmask(0, [])))"),
    sh("nohup", "kill -HUP $$; echo alive", prefix=("env", "--ignore-signal=HUP"), kinds=(*PLAIN, PTY)),
    sh("ignored-interrupt", "kill -INT $$; kill -QUIT $$; echo alive", prefix=limits("trap '' INT QUIT")),
    py("ignored-children", "import os; print(os.system('exit 3'), open('/proc/self/status').read().count('SigIgn'))",
       prefix=("env", "--ignore-signal=CHLD"), kinds=(PIPE,)),
    sh("broken-pipe", "yes | head -n 1", kinds=(*PLAIN, PTY)),
    py("broken-pipe-default",
       "import subprocess\np=subprocess.Popen(['sh','-c','yes | true; kill -PIPE $$'], restore_signals=False)\nprint(p.wait())",
       kinds=(PIPE,)),
    sh("kills-its-group", "trap '' INT; kill -TERM 0; sleep 5", prefix=("setsid", "-w")),
    sh("kills-its-group-hard", "kill -KILL 0; sleep 5", prefix=("setsid", "-w")),
    sh("group-signal-once", "trap 'echo got' USR1; kill -USR1 0; sleep 0.2; echo end",
       prefix=("setsid", "-w"), kinds=(PIPE,)),
    # --- what it leaves behind
    sh("background-child", "sleep 0.2 >/dev/null 2>&1 & echo started", kinds=(PIPE, FILE, PTY)),
    sh("background-writer", "(sleep 0.3; echo late) & echo early", kinds=(PIPE, FILE)),
    py("daemon", """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(0.3); os.write(1, b'from the daemon\\n')
    os._exit(0)
os.wait()
""", kinds=(PIPE, FILE)),
    sh("waits-for-children", "for i in 1 5 9; do (sleep 0.$i; echo $i) & done; wait; echo all", kinds=(PIPE, PTY)),
    # --- what is run
    Program("no-such-program", ("labrec-no-such-program",), (PIPE,), prefix=("env",), messages=False),
    Program("no-such-path", ("./nope/nope",), (PIPE,), prefix=("env",), messages=False),
    Program("empty-name", ("",), (PIPE,), prefix=("env",), messages=False),
    Program("directory", ("/tmp",), (PIPE,), prefix=("env",), messages=False),
    Program("not-executable", ("./script",), (PIPE,), setup="echo x > script", prefix=("env",), messages=False),
    Program("bad-interpreter", ("./script",), (PIPE,), setup="printf '#!/nope\\n' > script; chmod +x script",
            prefix=("env",), messages=False),
    Program("script-without-shebang", ("./script", "a b"), (PIPE, FILE, PTY),
            setup="printf 'echo \"$0 $1 $#\"; exit 4\\n' > script; chmod +x script", prefix=("env",)),
    Program("script-with-shebang", ("./script", "a"), (PIPE, FILE),
            setup="printf '#!/bin/sh -e\\necho $1; false; echo no\\n' > script; chmod +x script"),
    Program("arguments", (*PYTHON, "import os,sys; print([os.fsencode(a) for a in sys.argv])",
            "a b", "", "ü", "\udcff\udc00"[:1], "--", "-x", "$HOME", "'\"", "*", "new\nline"), (PIPE,)),
    Program("found-on-path", ("tool",), (PIPE,), setup="mkdir -p a b; echo x > a/tool; printf '#!/bin/sh\\necho $0\\n' > b/tool; chmod +x b/tool",
            prefix=("env", "PATH=/nope:{dir}/a:{dir}/b:/usr/bin:/bin")),
    # --- terminals
    py("isatty", "import os; open('result','w').write(str([os.isatty(i) for i in (0,1,2)]))",
       kinds=(*PLAIN, PTY, "tty-out", "tty-err")),
    py("window-size", "import os; open('result','w').write(str([os.get_terminal_size(i) for i in (0,1,2)]))",
       kinds=(PTY,)),
    Program("stty", ("stty", "-a"), (PTY,)),
    Program("stty-changes", ("sh", "-c", "stty -echo; stty -a; stty echo"), (PTY,)),
    sh("controlling-terminal", "echo to the terminal > /dev/tty", kinds=(PTY, "tty-out", "tty-err")),
    py("terminal-groups", """
import os
print(os.tcgetpgrp(0) == os.getpgrp(), os.ttyname(0) == os.ttyname(1) == os.ttyname(2))
""", kinds=(PTY,)),
    sh("output-styles", "echo out; echo err >&2; printf 'a\\r\\nb\\tc\\n'", kinds=(PTY, "tty-out", "tty-err")),
]  # fmt: skip
