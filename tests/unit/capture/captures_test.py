"""Every capture of the shared collection gives the number of packets that
capinfos gives (facts.tsv), or differs for a reason that is written here; and
the same again when it is gzip'd.

usage: captures_test.py CAPTURE_DUMP SHARED
"""
import gzip
import os
import subprocess
import sys
import tarfile
import tempfile

CUSTOM = "the facts count custom blocks as packets"
LINK = "the facts' tool does not open a file of that link type"
GUESS = "the facts' tool guesses the modified form behind a plain magic"
DIFFERENT = {
    "linktypes/tcpdump-brcm-tag.pcap": (23, LINK),
    "linktypes/tcpdump-edsa.pcap": (10, LINK),
    "_packs/linktypes.tar.gz::tcpdump-brcm-tag-prepend.pcap": (15, LINK),
    "_packs/linktypes.tar.gz::tcpdump-dsa.pcap": (8, LINK),
    "_packs/corrupt.tar.gz::libpcap-filter-brcm-tag.pcap": (15, LINK),
    "_packs/corrupt.tar.gz::libpcap-filter-brcm-tag-stp.pcap": (4, LINK),
    "pcapng/ngtest-output_le-advanced-test102.pcapng": (5, CUSTOM),
    "pcapng/ngtest-output_be-advanced-test102.pcapng": (5, CUSTOM),
    "_packs/pcapng.tar.gz::ngtest-output_le-difficult-test202.pcapng": (8, CUSTOM),
    "_packs/pcapng.tar.gz::ngtest-output_be-difficult-test202.pcapng": (8, CUSTOM),
    "_packs/pcapng.tar.gz::ngtest-output_le-basic-test017.pcapng": (0, CUSTOM),
    "_packs/pcapng.tar.gz::ngtest-output_le-basic-test018.pcapng": (4, CUSTOM),
    "corrupt/sv-bug-6875-01-fuzz.pcap": (1, GUESS),
    "corrupt/libpcap-pcapng-invalid-vers-2.pcapng": (1, "version 1.1 is read as 1.0"),
}
# Readable captures with a damage, and how its text begins.
DAMAGED = {
    "corrupt/libpcap-pcap-invalid-version-1.pcap": "pcap version 1.4, known is 2, at offset 4",
    "corrupt/sv-bug-1450-04-tls_DER-incomplete-header.pcap": "truncated record at offset 5035",
    "corrupt/sv-bug-1450-05-tls_DER-incomplete-content.pcap": "truncated record at offset 5035",
    "corrupt/dpkt-truncated_dns_2.pcap": "truncated record header at offset 240",
    "corrupt/libpcap-pcapng-invalid-vers-1.pcapng": "pcapng version 0.1, known is 1, at offset 0",
    "corrupt/ndpi-fuzz-2021-10-13.pcap": "truncated record header at offset 237",
    "corrupt/sv-bug-6875-01-fuzz.pcap": "record of 1409179648 bytes, over 16 MiB, at offset 228",
    "_packs/corrupt.tar.gz::libpcap-shb-option-too-long.pcapng":
        "block with two lengths, 52 and 808464432, at offset 0",
}


def read_facts(captures):
    with open(os.path.join(captures, "facts.tsv"), encoding="utf-8") as facts:
        rows = [line.rstrip("\n").split("\t") for line in facts]
    assert rows[0][0] == "file" and rows[0][2] == "packets"
    return {row[0]: int(row[2]) for row in rows[1:]}


def find(captures, folder, name):
    """The path of a capture: as it lies there, or as it came out of its pack."""
    if "::" not in name:
        return os.path.join(captures, name)
    pack, member = name.split("::")
    topic = os.path.basename(pack).split(".")[0]
    return os.path.join(folder, topic, member)


def unpack(captures, folder):
    packs = os.path.join(captures, "_packs")
    for name in sorted(os.listdir(packs)):
        with tarfile.open(os.path.join(packs, name)) as pack:
            pack.extractall(folder)


def compress(paths, folder):
    """Gzip'd copies: from their paths to the paths of what they copy."""
    copies = {}
    for number, path in enumerate(paths):
        copy = os.path.join(folder, f"{number}.gz")
        with open(path, "rb") as plain, gzip.open(copy, "wb", compresslevel=1) as packed:
            packed.write(plain.read())
        copies[copy] = path
    return copies


def run(dump, paths):
    out = subprocess.run([dump, *paths], stdout=subprocess.PIPE, check=True)
    rows = [line.split("\t") for line in out.stdout.decode("utf-8", "replace").splitlines()]
    return {path: (count, damage) for count, damage, path in rows}


def main():
    dump, shared = sys.argv[1:3]
    captures = os.path.join(shared, "captures")
    if not os.path.isfile(os.path.join(captures, "facts.tsv")):
        print("not run: data absent")
        return 1 if os.environ.get("CI") == "true" else 77
    facts = read_facts(captures)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        unpack(captures, folder)
        names = {find(captures, folder, name): name for name in facts}
        copies = compress(names, folder)
        told = run(dump, list(names))
        told_packed = run(dump, list(copies))
    for copy, path in copies.items():
        name = names[path]
        packets = str(DIFFERENT.get(name, (facts[name],))[0])
        damage = DAMAGED.get(name, "")
        packed = damage.replace(" offset ", " inflated offset ")
        if told.get(path) != (packets, damage) or told_packed.get(copy) != (packets, packed):
            print(f"{name}: expected {packets} {damage!r}, got {told.get(path)}, "
                  f"gzip'd {told_packed.get(copy)}")
            wrong += 1
    print(f"{len(facts)} captures, {len(DIFFERENT)} differ from the facts as written, "
          f"{wrong} wrong")
    return 1 if wrong or len(facts) < 1000 else 0


sys.exit(main())
