"""What a process holds: its mappings, which of them a core dump would contain,
and a search of them for what was planted.

A kernel writes a mapping into a core unless it is marked (MADV_DONTDUMP, "dd" in
VmFlags of smaps) or is a device's ("io"); which of the rest depends on the process's
coredump_filter.  Here every mapping without a mark counts, whatever the filter."""
import os
import re
import struct

PAGE = 4096
PIECE = 1 << 20
HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)")
TEXT = re.compile(rb"[\t\n\r -~]{6,}")
KERNELS = ("[vvar]", "[vvar_vclock]", "[vsyscall]")
PT_LOAD = 1


class Mapping:
    def __init__(self, match):
        self.start, self.end = int(match[1], 16), int(match[2], 16)
        self.rights, self.name = match[3], match[4]
        self.flags, self.written = set(), 0

    @property
    def dumped(self):
        return not self.flags & {"dd", "io"}

    @property
    def of_a_program(self):
        """Read from a file of code and never changed: holds what that file holds."""
        return self.name.startswith("/") and self.written == 0 and "w" not in self.rights and (
            ".so" in self.name or "x" in self.rights or os.access(self.name, os.X_OK))

    def __str__(self):
        marks = "dumped" if self.dumped else "not dumped"
        return f"{self.start:x}-{self.end:x} {self.rights} {self.name or 'anonymous'} ({marks})"


def mappings(pid):
    found = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as lines:
        for line in lines:
            if match := HEAD.match(line):
                found.append(Mapping(match))
            elif line.startswith("VmFlags:"):
                found[-1].flags = set(line.split()[1:])
            elif line.startswith("Anonymous:"):
                found[-1].written = int(line.split()[1])
    return [mapping for mapping in found
            if mapping.name not in KERNELS and not mapping.of_a_program]


def squeezed(data):
    """Without its empty pages, and runs of zeros short."""
    pages = (data[at:at + PAGE] for at in range(0, len(data), PAGE))
    data = b"".join(page if page.count(0) < len(page) else bytes(16) for page in pages)
    return re.sub(rb"\0{24,}", bytes(24), data)


def contents(pid, mapping):
    out = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for at in range(mapping.start, mapping.end, PIECE):
            size = min(PIECE, mapping.end - at)
            try:
                memory.seek(at)
                piece = memory.read(size)
            except OSError:  # no page, or a guard
                continue
            if piece.count(0) < len(piece):
                out.append(squeezed(piece))
    return b"".join(out)


def texts(data):
    """What of it could be text, in one or two bytes a character."""
    narrow = data.replace(b"\0", b"")
    return b"\n".join(TEXT.findall(data)), b"\n".join(TEXT.findall(narrow))


def planted_in(data, search):
    return set().union(*map(search.find, texts(data)))


def segments(path):
    """What the loadable segments of a core hold.  Its notes are left out: they hold
    registers, which nothing keeps out of a core."""
    with open(path, "rb") as core:
        head = core.read(64)
        if head[:6] != b"\x7fELF\x02\x01":
            raise AssertionError(f"{path}: no core")
        at, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        rows = []
        for number in range(count):
            core.seek(at + number * size)
            kind, _, offset, _, _, length = struct.unpack("<IIQQQQ", core.read(40))
            if kind == PT_LOAD and length > 0:
                rows.append((offset, length))
        for offset, length in rows:
            core.seek(offset)
            yield squeezed(core.read(length))
