"""What both checkers share: the files of the tree, and C without its comments."""

import os
import re

PROGRAMS = ("sensor", "aggregator", "tools")
TREES = PROGRAMS + ("tests",)

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


class Source:
    """One file: its path from the root, its text, and its code."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.program = path.split("/")[0]
        self.is_c = path.endswith((".c", ".h", ".def"))
        # Comments and literals are blanked, line ends stay: line numbers hold.
        self.code = TOKEN.sub(self.blank, self.text) if self.is_c else ""

    @staticmethod
    def blank(match):
        text = match.group()
        if text[0] == "/":
            return "".join(c if c == "\n" else " " for c in text)
        return text[0] + " " * (len(text) - 2) + text[0]

    def includes(self):
        """(line, is_ours, name) of every include outside comments."""
        code = self.code.split("\n")
        for match in INCLUDE.finditer(self.text):
            line = self.text.count("\n", 0, match.end()) + 1
            if "#" in code[line - 1]:
                yield line, match.group(1) == '"', match.group(2)

    def line_of(self, offset):
        return self.code.count("\n", 0, offset) + 1


def sources(root, suffixes, trees=TREES):
    for tree in trees:
        for folder, folders, names in os.walk(os.path.join(root, tree)):
            folders[:] = sorted(f for f in folders if not f.startswith((".", "build-")))
            for name in sorted(names):
                if name.endswith(suffixes) and not name.startswith("."):
                    yield Source(root, os.path.relpath(os.path.join(folder, name), root))


def report(problems):
    """Prints file:line: what, and returns the exit status."""
    for path, line, text in sorted(problems):
        print(f"{path}:{line}: {text}")
    if problems:
        print(f"{len(problems)} to mend")
    return 1 if problems else 0
