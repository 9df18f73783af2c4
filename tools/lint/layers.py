#!/usr/bin/env python3
"""Checks that each room includes only the rooms its row in layers.txt names.

usage: layers.py ROOT [TABLE]
"""

import os
import sys

sys.dont_write_bytecode = True  # nothing is left in the tree of sources

from source import report, sources


def read_table(path):
    """{program: {room: set of rooms}}; "all" and "@name" are kept as words."""
    table, program = {}, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            if line.startswith("["):
                program = line.strip("[]")
                table[program] = {}
                continue
            if program is None or ":" not in line:
                sys.exit(f"{path}:{number}: expected [PROGRAM] or ROOM: ROOMS")
            room, rooms = line.split(":", 1)
            if room.strip() in table[program]:
                sys.exit(f"{path}:{number}: a second row for {room.strip()}; join the two")
            table[program][room.strip()] = set(rooms.split())
    return table


def room_of(path):
    """The room a file lies in: the folder below the program, "." beside them."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "."


def allowed(table, program, room):
    rows = table[program]
    rooms = set(rows[room]) | {room}
    for word in [w for w in rooms if w.startswith("@")]:
        rooms |= rows[word]
    if "all" in rooms:
        rooms |= {r for r in rows if not r.startswith("@")}
        if program == "tools":
            rooms |= set(table["sensor"]) | set(table["aggregator"])
    return rooms


def check_include(table, source, room, name):
    """The complaint about one include of ours, or None."""
    if "/" not in name:
        if source.program == "tools" or "." in allowed(table, source.program, room):
            return None
        return f'"{name}" does not name its room; write "{room}/{name}"'
    target = name.split("/")[0]
    if target in allowed(table, source.program, room):
        return None
    known = any(target in rows for rows in table.values())
    if not known:
        return f'"{name}": {target} has no row in tools/lint/layers.txt; add one'
    row = " ".join(sorted(table[source.program][room])) or "nothing"
    return (
        f'{room} may not include "{name}" (its row: {row}); move the type down to a room both '
        "may include, or pass what is needed as an argument"
    )


def check(root, table):
    problems = []
    for source in sources(root, (".c", ".h", ".def")):
        if source.program not in table:
            continue
        room = room_of(source.path)
        if room not in table[source.program]:
            problems.append(
                (source.path, 1, f"{room} has no row in tools/lint/layers.txt; add one")
            )
            continue
        for line, ours, name in source.includes():
            complaint = check_include(table, source, room, name) if ours else None
            if complaint:
                problems.append((source.path, line, complaint))
    return problems


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    default = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.txt")
    table = read_table(sys.argv[2] if len(sys.argv) == 3 else default)
    sys.exit(report(check(sys.argv[1], table)))


if __name__ == "__main__":
    main()
