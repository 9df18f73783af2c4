#!/usr/bin/env python3
"""Checks size, shape and manners of the sources.

usage: tidy.py ROOT [ALLOW]

Each rule is one function that yields (line, function or None, text).  What a
rule says can be excused by a row of tidy.allow, at most five in all.
"""

import os
import re
import sys

sys.dont_write_bytecode = True  # nothing is left in the tree of sources

from source import PROGRAMS, TREES, Source, report, sources

HERE = os.path.dirname(os.path.abspath(__file__))

FUNCTION_MAX, C_MAX, HEADER_MAX, COLUMNS_MAX = 70, 700, 150, 100
UMBRELLA_MAX = 8
ALLOW_MAX = 5

# Of the C library, POSIX and Linux; all else in <> is third-party.
SYSTEM = set(
    """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal
    stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath
    threads time uchar wchar wctype aio byteswap cpio dirent dlfcn elf endian err execinfo fcntl
    fnmatch ftw getopt glob grp iconv ifaddrs immintrin langinfo libgen link malloc mntent netdb
    nl_types nmmintrin nsswitch paths poll pthread pwd regex resolv sched search semaphore shadow
    spawn stdio_ext syscall sysexits syslog tar termios ucontext ulimit unistd utime utmpx wordexp
    cpuid x86intrin""".split()
)
SYSTEM_FOLDERS = ("sys/", "linux/", "net/", "netinet/", "arpa/", "asm/")

# Types of third-party libraries, as they would stand in a header.
FOREIGN_TYPE = re.compile(
    r"""\b(?:yaml_(?:parser|event|token|mark|document|emitter|node)_[ts]\b|yaml_char_t\b|hs_\w+_t\b
    |pcap_t\b|pcap_(?:pkthdr|dumper_t|if_t)\b|bpf_program\b|sqlite3(?:_\w+)?\b|ZSTD_\w+|z_stream\b
    |z_streamp\b|gzFile\b|json_(?:t|error_t)\b|MHD_\w+|pcre2_\w+|archive_entry\b|struct\ archive\b
    |ndpi_\w+|MMDB_\w+|EVP_\w+|SSL(?:_CTX)?\b|X509\w*|BIGNUM\b|nghttp2_\w+|BrotliDecoder\w+
    |psl_ctx_t\b|zmq_msg_t\b|scmp_\w+|crypto_\w+_state\b)""",
    re.VERBOSE,
)



def is_system(name):
    return name.startswith(SYSTEM_FOLDERS) or name.removesuffix(".h") in SYSTEM


def third_party(source):
    for line, ours, name in source.includes():
        cmocka_in_test = name == "cmocka.h" and source.program == "tests"
        if not ours and not is_system(name) and not cmocka_in_test:
            yield line, name


def functions(source):
    """(first line, last line, name): a body opens and closes in column 1."""
    code = source.code.split("\n")
    for at, text in enumerate(code):
        if text != "{":
            continue
        first = at
        while first > 0 and code[first - 1].strip() and not re.match(
            r"[#}]|.*[;}]$", code[first - 1]
        ):
            first -= 1
        last = at
        while last < len(code) - 1 and code[last] != "}":
            last += 1
        head = " ".join(code[first:at])
        head = re.sub(r"__attribute__\s*\(\(.*?\)\)\s*", "", head)
        name = re.search(r"(\w+)\s*\(", head)
        yield first + 1, last + 1, name.group(1) if name else "?"


def rule_function(source):
    if source.path.endswith(".c"):
        for first, last, name in functions(source):
            if last - first + 1 > FUNCTION_MAX:
                yield first, name, (
                    f"{name}() has {last - first + 1} lines, at most {FUNCTION_MAX}; "
                    "take a step out into a function of its own"
                )


def rule_length(source):
    most = {".c": C_MAX, ".h": HEADER_MAX}.get(os.path.splitext(source.path)[1])
    if most and len(source.lines) > most:
        yield most + 1, None, f"{len(source.lines)} lines, at most {most}; split the file"


def rule_columns(source):
    if source.path.endswith((".c", ".h", ".py")):
        for number, line in enumerate(source.lines, 1):
            columns = len(line.expandtabs(8))
            if columns > COLUMNS_MAX:
                yield number, None, f"{columns} columns, at most {COLUMNS_MAX}; break the line"


def rule_header_include(source):
    if source.path.endswith(".h"):
        for line, name in third_party(source):
            yield line, None, (
                f"<{name}> in a header; include it in the one .c that uses it and keep its types "
                "behind a struct of ours"
            )


def rule_header_type(source):
    if source.path.endswith(".h"):
        for match in FOREIGN_TYPE.finditer(source.code):
            yield source.line_of(match.start()), None, (
                f"{match.group()} in a header; hide the type of a library behind a struct of ours"
            )


def rule_umbrella(source):
    if not source.path.endswith(".h"):
        return
    ours = [line for line, mine, _ in source.includes() if mine]
    if len(ours) > UMBRELLA_MAX:
        yield ours[UMBRELLA_MAX], None, (
            f"includes {len(ours)} of our headers, at most {UMBRELLA_MAX}; split what it declares"
        )
    rest = [t for t in source.code.split("\n") if t.strip() and not t.lstrip().startswith("#")]
    if ours and not rest:
        yield ours[0], None, (
            "consists of includes only; each file names the headers it needs itself"
        )


def rule_left_over(source):
    for number, line in enumerate(source.lines, 1):
        match = re.search(r"\b(TO[D]O|FIX[M]E)\b", line)  # spelled so as not to be one itself
        if match and not source.path.startswith("tools/lint/"):
            yield number, None, f"{match.group()} is left over; do it, or take it out"


def read_banned():
    with open(os.path.join(HERE, "banned.txt"), encoding="utf-8") as file:
        return dict(l.rstrip("\n").split("\t") for l in file if l.strip() and l[0] != "#")


BANNED = read_banned()
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")


def rule_banned(source):
    for match in BANNED_CALL.finditer(source.code) if source.is_c else ():
        name = match.group(1)
        yield source.line_of(match.start()), None, f"{name}() is banned; use {BANNED[name]}"


# Of what the tree does not hold; MANIFEST.md lists captures that tests find beside it.
PAPER = re.compile(
    r"\bDESIG[N]\b|\b(?!API\b|README\b|MANIFEST\b)\w+\.md\b|\bdomai[n]/|\bi[n]variants?\b"
)


def rule_paper(source):
    for number, line in enumerate(source.lines, 1):
        match = PAPER.search(line)
        if match:
            yield number, None, (
                f"{match.group()}: a paper that is not in the tree; write here what it says"
            )


def meson_texts(root, path):
    """The meson.build of the file's folder and of those above it."""
    folder = os.path.dirname(path)
    while True:
        build = os.path.join(root, folder, "meson.build")
        if os.path.exists(build):
            with open(build, encoding="utf-8") as file:
                yield os.path.relpath(os.path.join(root, folder), root), file.read()
        if folder == "":
            return
        folder = os.path.dirname(folder)


def check_listed(root, source):
    """A row of a list may be the name without .c or _test.c, as in parse/."""
    stem = os.path.basename(source.path)[:-2]
    names = {stem, stem.removesuffix("_test")}
    for folder, text in meson_texts(root, source.path):
        text = re.sub(r"#.*", "", text)
        whole = os.path.relpath(source.path, folder)
        quoted = {whole, os.path.basename(whole)} | names
        if any(f"'{name}'" in text for name in quoted):
            return None
        if source.path.startswith("tests/fuzz/") and listed_fuzz(root, stem):
            return None
    return "no meson.build names it, so it is never built; list it or remove it"


def listed_fuzz(root, stem):
    rows = os.path.join(root, "tests/fuzz/rows/meson.build")
    if not os.path.exists(rows):
        return False
    with open(rows, encoding="utf-8") as file:
        return f"'{stem}'" in file.read()


def check_listings(root, files):
    for source in files:
        if source.path.endswith(".c"):
            complaint = check_listed(root, source)
            if complaint:
                yield "unlisted", source.path, 1, None, complaint


def check_single_users(files):
    """Each third-party header has one user per program, so that a library can
    be left out or changed in one place."""
    users = {}
    for source in files:
        if source.program in PROGRAMS and source.path.endswith(".c"):
            for line, name in third_party(source):
                users.setdefault((source.program, name), []).append((source.path, line))
    for (program, name), places in sorted(users.items()):
        for path, line in places[1:]:
            yield "single-user", path, line, None, (
                f"<{name}> is included by {places[0][0]} already; call that file instead "
                f"(one user per library in {program}/)"
            )


RULES = {
    "function": rule_function,
    "length": rule_length,
    "columns": rule_columns,
    "header-include": rule_header_include,
    "header-type": rule_header_type,
    "umbrella": rule_umbrella,
    "left-over": rule_left_over,
    "banned": rule_banned,
}
CODE = (".c", ".h", ".def", ".py", ".build", ".sh")
TEXT = (".md", ".txt", ".1", ".8", ".csv", ".rules", ".yaml", ".json")


def readable(root):
    """Code, and what people read beside it."""
    yield from sources(root, CODE + TEXT, TREES + ("signatures",))
    for name in sorted(os.listdir(root)):
        if name.endswith(CODE + TEXT):
            yield Source(root, name)


def findings(root):
    files = list(sources(root, CODE))
    for source in files:
        for name, rule in RULES.items():
            for line, function, text in rule(source):
                yield name, source.path, line, function, text
    for source in readable(root):
        for line, function, text in rule_paper(source):
            yield "paper", source.path, line, function, text
    yield from check_listings(root, files)
    yield from check_single_users(files)


def read_allow(path):
    """[(rule, place, line)]; problems are returned beside."""
    rows, problems = [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            words = line.split(None, 2)
            if len(words) < 3:
                problems.append((path, number, "expected RULE PATH[:FUNCTION] REASON"))
                continue
            rows.append((words[0], words[1], number))
    if len(rows) > ALLOW_MAX:
        text = f"{len(rows)} rows, at most {ALLOW_MAX}; mend a file instead"
        problems.append((path, rows[ALLOW_MAX][2], text))
    return rows, problems


def check(root, allow):
    rows, problems = read_allow(allow)
    used = set()
    for rule, path, line, function, text in findings(root):
        places = {path, f"{path}:{function}"}
        row = next((r for r in rows if r[0] == rule and r[1] in places), None)
        if row:
            used.add(row)
        else:
            problems.append((path, line, f"{text} [{rule}]"))
    for row in rows:
        if row not in used:
            problems.append((allow, row[2], f"{row[0]} {row[1]} excuses nothing; remove the row"))
    return problems


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    allow = sys.argv[2] if len(sys.argv) == 3 else os.path.join(HERE, "tidy.allow")
    sys.exit(report(check(sys.argv[1], allow)))


if __name__ == "__main__":
    main()
