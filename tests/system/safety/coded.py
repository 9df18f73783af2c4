"""One person's card in every coding of sensor/codec/coding.def, a request each; the encoders are
those of tests/cards, which share nothing with the sensor."""
import pathlib
import random
import re
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tests" / "cards"))

import codings
import forms
import packets

# The name is the seed of a key, too: with these one of them has three bytes, one has four.
NAMES = {"reversed_value": "reversal", "rot_value": "rot", "xor_three": "xor-repeating",
         "utf16le": "utf-16le", "utf16be": "utf-16be"}
FORM = "card_number={card}&cvv={cvv}&expiry=12%2F28&holder={name}&mail={mail}"


def rows():
    """The names of all codings, in their order."""
    text = (ROOT / "sensor" / "codec" / "coding.def").read_text("ascii")
    return re.findall(r"^CODING\((\w+)\)", text, re.M)


def written(name, person):
    """The person's form in that coding."""
    if name == "wide":
        return FORM.format(**{**person, "card": forms.wide(person["card"], "utf-8").decode()}
                           ).encode()
    coding = codings.CODINGS[NAMES.get(name, name.replace("_", "-"))]
    return coding.encode(random.Random(name), FORM.format(**person).encode())[0]


def request(name, data):
    """As a body where the coding is one of whole bodies, else as a field."""
    if name != "wide" and codings.CODINGS[NAMES.get(name, name.replace("_", "-"))].whole:
        return packets.post(data, "Content-Type: application/octet-stream")
    return packets.post(b"d=" + urllib.parse.quote(data, safe="").encode(),
                        "Content-Type: application/x-www-form-urlencoded")


def capture(path, person):
    """The connection of coding n comes from port 20000 + n."""
    return packets.capture(path, [request(name, written(name, person)) for name in rows()])
