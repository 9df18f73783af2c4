#!/usr/bin/env python3
"""Goal: each rule of the two checkers can fail, and says where and what to do.
Method: a clean small tree passes; one bad file at a time is put in, and exactly
the complaint of that rule must come out."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

CLEAN = {
    "meson.build": "project('x', 'c')\n",
    "sensor/main.c": '#include "flow/flow.h"\n#include "side.h"\n\nint main(void)\n{\n}\n',
    "sensor/side.h": "int side(void);\n",
    "sensor/base/bytes.h": "/* strcpy( */\nstruct bytes {\n\tint len;\n};\n",
    "sensor/base/conf.c": '#include "base/bytes.h"\n#include <yaml.h>\n#include <sys/mman.h>\n',
    "sensor/flow/flow.h": '#include "base/bytes.h"\n\nint flow(void);\n',
    "sensor/flow/flow.c": '#include "flow/flow.h"\n\n/* a call of strcpy(a, b) */\n'
    'static const char *const text = "strcpy(";\n\nint flow(void)\n{\n\treturn text[0];\n}\n',
    "sensor/parse/dns.c": '#include "base/bytes.h"\n',
    "sensor/meson.build": "src = ['main.c']\n",
    "sensor/base/meson.build": "src = ['conf.c']\n",
    "sensor/flow/meson.build": "src = ['flow.c']\n",
    "sensor/parse/meson.build": "parsers = ['dns']\n",
    "aggregator/store/rows.c": '#include "base/bytes.h"\n#include "merchant/map.h"\n'
    "#include <yaml.h>\n",
    "aggregator/merchant/map.h": "int map(void);\n",
    "aggregator/meson.build": "src = ['store/rows.c']\n",
    "tools/cmd.c": '#include "flow/flow.h"\n#include "store/rows.h"\n',
    "tools/meson.build": "src = ['cmd.c']\n",
    "tests/unit/flow/flow_test.c": "#include <cmocka.h>\n#include <yaml.h>\n",
    "tests/unit/flow/meson.build": "foreach name : ['flow']\nendforeach\n",
    "tests/fuzz/dns.c": "int x;\n",
    "tests/fuzz/rows/meson.build": "fuzz_targets += [['dns', []]]\n",
    "allow": "# none\n",
}


def body(lines):
    """A function of so many lines in all."""
    return "int f(void)\n{\n" + "\tg();\n" * (lines - 3) + "}\n"


class Lint(unittest.TestCase):
    def run_on(self, script, changes):
        with tempfile.TemporaryDirectory() as root:
            for path, text in (CLEAN | changes).items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            command = [sys.executable, os.path.join(HERE, script), root]
            if script == "tidy.py":
                command.append(os.path.join(root, "allow"))
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")
            return done.returncode, done.stdout.replace(root + "/", "").splitlines()

    def refused(self, script, changes, wanted):
        status, lines = self.run_on(script, changes)
        self.assertEqual(lines, [wanted, "1 to mend"])
        self.assertEqual(status, 1)

    def passes(self, script, changes):
        self.assertEqual(self.run_on(script, changes), (0, []))

    def tidy(self, changes, wanted):
        self.refused("tidy.py", changes, wanted)

    def layers(self, changes, wanted):
        self.refused("layers.py", changes, wanted)


class Layers(Lint):
    def test_a_clean_tree_passes(self):
        self.passes("layers.py", {})

    def test_an_arrow_that_no_row_allows_is_refused(self):
        self.layers(
            {"sensor/parse/dns.c": '/* x */\n#include "flow/flow.h"\n'},
            'sensor/parse/dns.c:2: parse may not include "flow/flow.h" (its row: base codec); move '
            "the type down to a room both may include, or pass what is needed as an argument",
        )

    def test_an_include_in_a_comment_is_none(self):
        self.passes("layers.py", {"sensor/parse/dns.c": '/*\n#include "flow/flow.h"\n*/\n'})

    def test_an_indented_include_counts(self):
        status, lines = self.run_on(
            "layers.py", {"sensor/parse/dns.c": '#if 1\n #  include "flow/flow.h"\n#endif\n'}
        )
        self.assertEqual((status, lines[0][:20]), (1, "sensor/parse/dns.c:2"))

    def test_a_room_without_a_row_is_refused(self):
        self.layers(
            {"sensor/lib/x.h": "int x;\n"},
            "sensor/lib/x.h:1: lib has no row in tools/lint/layers.txt; add one",
        )
        self.layers(
            {"sensor/flow/flow.c": '#include "lib/x.h"\n'},
            'sensor/flow/flow.c:1: "lib/x.h": lib has no row in tools/lint/layers.txt; add one',
        )

    def test_an_include_must_name_its_room(self):
        self.layers(
            {"sensor/flow/flow.c": '#include "flow.h"\n'},
            'sensor/flow/flow.c:1: "flow.h" does not name its room; write "flow/flow.h"',
        )

    def test_the_sensor_never_includes_the_aggregator(self):
        status, lines = self.run_on(
            "layers.py", {"sensor/main.c": '#include "store/rows.h"\n'}
        )
        self.assertEqual(status, 1)
        self.assertIn('sensor/main.c:1: . may not include "store/rows.h"', lines[0])

    def test_the_aggregator_includes_few_rooms_of_the_sensor_and_lower_ones_of_its_own(self):
        for header in ("flow/flow.h", "correlate/incident.h"):
            status, lines = self.run_on(
                "layers.py", {"aggregator/store/rows.c": f'#include "{header}"\n'}
            )
            self.assertEqual(status, 1)
            self.assertIn(f'aggregator/store/rows.c:1: store may not include "{header}"', lines[0])


class Tidy(Lint):
    def test_a_clean_tree_passes(self):
        self.passes("tidy.py", {})

    def test_a_function_of_71_lines_is_refused(self):
        self.passes("tidy.py", {"sensor/flow/flow.c": body(70)})
        self.tidy(
            {"sensor/flow/flow.c": "int x;\n\n" + body(71)},
            "sensor/flow/flow.c:3: f() has 71 lines, at most 70; take a step out into a function "
            "of its own [function]",
        )

    def test_a_file_of_701_and_a_header_of_151_lines_are_refused(self):
        self.passes("tidy.py", {"sensor/flow/flow.c": "\n" * 700, "sensor/flow/flow.h": "\n" * 150})
        self.tidy(
            {"sensor/flow/flow.c": "\n" * 701},
            "sensor/flow/flow.c:701: 701 lines, at most 700; split the file [length]",
        )
        self.tidy(
            {"sensor/flow/flow.h": "\n" * 151},
            "sensor/flow/flow.h:151: 151 lines, at most 150; split the file [length]",
        )

    def test_a_line_of_101_columns_is_refused(self):
        self.passes("tidy.py", {"sensor/flow/flow.c": "\t" + "x" * 92 + "\n"})
        self.tidy(
            {"sensor/flow/flow.c": "\n\t" + "x" * 93 + "\n"},
            "sensor/flow/flow.c:2: 101 columns, at most 100; break the line [columns]",
        )

    def test_a_third_party_header_in_ours_is_refused(self):
        self.tidy(
            {"sensor/flow/flow.h": "#include <stdint.h>\n#include <yaml.h>\nint x;\n"},
            "sensor/flow/flow.h:2: <yaml.h> in a header; include it in the one .c that uses it and "
            "keep its types behind a struct of ours [header-include]",
        )

    def test_a_third_party_type_in_a_header_is_refused(self):
        self.passes("tidy.py", {"sensor/flow/flow.h": "/* hs_scratch_t */\nstruct yaml_node;\n"})
        self.tidy(
            {"sensor/flow/flow.h": "struct x {\n\ths_scratch_t *y;\n};\n"},
            "sensor/flow/flow.h:2: hs_scratch_t in a header; hide the type of a library behind a "
            "struct of ours [header-type]",
        )

    def test_a_header_that_includes_nine_of_ours_is_refused(self):
        nine = "".join(f'#include "base/{c}.h"\n' for c in "abcdefghi")
        self.tidy(
            {"sensor/flow/flow.h": nine + "int x;\n"},
            "sensor/flow/flow.h:9: includes 9 of our headers, at most 8; split what it declares "
            "[umbrella]",
        )

    def test_a_header_of_includes_only_is_refused(self):
        self.tidy(
            {"sensor/flow/flow.h": '#ifndef A\n#define A\n/* x */\n#include "base/a.h"\n#endif\n'},
            "sensor/flow/flow.h:4: consists of includes only; each file names the headers it needs "
            "itself [umbrella]",
        )

    def test_a_second_user_of_a_library_is_refused(self):
        self.tidy(
            {"sensor/flow/flow.c": "#include <yaml.h>\n"},
            "sensor/flow/flow.c:1: <yaml.h> is included by sensor/base/conf.c already; call that "
            "file instead (one user per library in sensor/) [single-user]",
        )

    def test_every_banned_call_is_refused(self):
        with open(os.path.join(HERE, "banned.txt"), encoding="utf-8") as file:
            rows = [l.rstrip("\n").split("\t") for l in file if l.strip() and l[0] != "#"]
        self.assertGreater(len(rows), 20)
        text = "".join(f"int y = {name} (x);\n" for name, _ in rows)
        status, lines = self.run_on("tidy.py", {"sensor/flow/flow.c": text})
        wanted = [
            f"sensor/flow/flow.c:{at}: {name}() is banned; use {instead} [banned]"
            for at, (name, instead) in enumerate(rows, 1)
        ]
        self.assertEqual(lines[:-1], wanted)
        self.assertEqual(status, 1)

    def test_a_member_or_a_longer_name_is_no_banned_call(self):
        self.passes(
            "tidy.py", {"sensor/flow/flow.c": "int x = a.system(1) + a->rand(2) + my_atoi(3);\n"}
        )

    def test_what_is_left_over_is_refused(self):
        for word in ("TO" + "DO", "FIX" + "ME"):
            self.tidy(
                {"sensor/flow/meson.build": f"# {word}: x\nsrc = ['flow.c']\n"},
                f"sensor/flow/meson.build:1: {word} is left over; do it, or take it out "
                "[left-over]",
            )

    def test_a_paper_that_is_not_in_the_tree_is_no_reference(self):
        self.passes("tidy.py", {"README.md": "see aggregator/serve/API.md and sensor/README.md\n"})
        for word in ("DES" + "IGN", "speed." + "md", "dom" + "ain/", "in" + "variant"):
            for path in ("README.md", "sensor/side.h", "signatures/x.csv", "tests/fuzz/dns.c"):
                self.tidy(
                    {path: f"/* one */\n/* as {word} says */\n"},
                    f"{path}:2: {word}: a paper that is not in the tree; write here what it says "
                    "[paper]",
                )

    def test_a_file_that_is_never_built_is_refused(self):
        for path in ("sensor/flow/new.c", "tests/fuzz/new.c", "tests/unit/flow/new_test.c"):
            self.tidy(
                {path: "int x;\n", "sensor/flow/meson.build": "src = ['flow.c'] # 'new.c'\n"},
                f"{path}:1: no meson.build names it, so it is never built; list it or remove it "
                "[unlisted]",
            )

    def test_a_row_excuses_one_place(self):
        long = {"sensor/flow/flow.c": body(71)}
        row = "function sensor/flow/flow.c:f a state machine\n"
        self.passes("tidy.py", long | {"allow": row})
        status, lines = self.run_on("tidy.py", long | {"allow": row.replace(":f", ":g")})
        self.assertEqual((status, len(lines)), (1, 3))

    def test_a_row_that_excuses_nothing_is_refused(self):
        self.tidy(
            {"allow": "length sensor/flow/flow.c why\n"},
            "allow:1: length sensor/flow/flow.c excuses nothing; remove the row",
        )
        self.tidy({"allow": "length x\n"}, "allow:1: expected RULE PATH[:FUNCTION] REASON")

    def test_a_sixth_row_is_refused(self):
        files = {f"sensor/flow/f{i}.h": "\n" * 151 for i in range(6)}
        rows = "".join(f"length {path} why\n" for path in files)
        self.tidy(
            files | {"allow": rows}, "allow:6: 6 rows, at most 5; mend a file instead"
        )


if __name__ == "__main__":
    unittest.main()
