"""Issuer ranges as a table of our own (ISO/IEC 7812-1, networks' published ranges), check
digits, and card numbers that nobody holds on purpose: drawn inside a range, valid check
digit, never a published test number, never like one."""

# brand, first and last prefix, lengths that may stand alone, lengths that need a context.
# The first row that fits names the brand.
RANGES = [
    ("amex", "34", "34", (15,), ()),
    ("amex", "37", "37", (15,), ()),
    ("jcb", "3528", "3589", (16,), (17, 18, 19)),
    ("diners", "300", "305", (14,), (16, 17, 18, 19)),
    ("diners", "3095", "3095", (14,), (16, 17, 18, 19)),
    ("diners", "36", "36", (14,), (16, 17, 18, 19)),
    ("diners", "38", "39", (14,), (16, 17, 18, 19)),
    ("mastercard", "51", "55", (16,), ()),
    ("mastercard", "222100", "272099", (16,), ()),
    ("discover", "6011", "6011", (16,), (17, 18, 19)),
    ("discover", "644", "649", (16,), (17, 18, 19)),
    ("discover", "65", "65", (16,), (17, 18, 19)),
    ("unionpay", "62", "62", (16, 19), (17, 18)),
    ("unionpay", "810", "817", (16, 19), (17, 18)),
    ("elo", "401178", "401179", (), (16,)),
    ("elo", "438935", "438935", (), (16,)),
    ("visa", "4", "4", (16,), (18, 19)),
    ("verve", "506099", "506198", (), (16, 18, 19)),
    ("verve", "507865", "507964", (), (16, 18, 19)),
    ("elo", "506699", "506778", (), (16,)),
    ("elo", "509000", "509999", (), (16,)),
    ("hipercard", "606282", "606282", (), (16, 19)),
    ("hipercard", "637095", "637095", (), (16,)),
    ("maestro", "5018", "5018", (), tuple(range(12, 20))),
    ("maestro", "5020", "5020", (), tuple(range(12, 20))),
    ("maestro", "5038", "5038", (), tuple(range(12, 20))),
    ("maestro", "56", "58", (), tuple(range(12, 20))),
    ("maestro", "6304", "6304", (), tuple(range(12, 20))),
    ("maestro", "6759", "6759", (), tuple(range(12, 20))),
    ("maestro", "6761", "6763", (), tuple(range(12, 20))),
    ("mir", "2200", "2204", (), (16, 17, 18, 19)),
    ("borica", "2205", "2205", (), (16,)),
    ("troy", "9792", "9792", (), (16,)),
    ("rupay", "60", "60", (), (16,)),
    ("rupay", "508", "508", (), (16,)),
    ("uzcard", "8600", "8600", (), (16,)),
    ("humo", "9860", "9860", (), (16,)),
    ("uatp", "1", "1", (), (15,)),
]

# What a vector may ask for: name -> brand, prefixes to draw from, length.
KINDS = {
    "visa": ("visa", ("4",), 16),
    "mastercard": ("mastercard", ("51", "52", "53", "54", "55"), 16),
    "mastercard2": ("mastercard", tuple(str(n) for n in range(2221, 2720, 7)), 16),
    "amex": ("amex", ("34", "37"), 15),
    "jcb": ("jcb", tuple(str(n) for n in range(3528, 3590)), 16),
    "diners": ("diners", ("300", "301", "305", "36", "38", "39"), 14),
    "discover": ("discover", ("6011", "644", "647", "65"), 16),
    "unionpay": ("unionpay", ("62",), 16),
    "unionpay19": ("unionpay", ("62",), 19),
    "visa19": ("visa", ("4",), 19),
    "jcb19": ("jcb", tuple(str(n) for n in range(3528, 3590)), 19),
    "diners16": ("diners", ("36", "38", "39"), 16),
    "maestro": ("maestro", ("5018", "5020", "5038", "6304", "6759", "6761"), 16),
    "mir": ("mir", ("2200", "2201", "2202", "2203", "2204"), 16),
    "troy": ("troy", ("9792",), 16),
    "elo": ("elo", ("506699", "509000", "509500"), 16),
    "verve": ("verve", ("506100", "507900"), 16),
    "hipercard": ("hipercard", ("606282",), 16),
}
TIER1 = ("visa", "mastercard", "mastercard2", "amex", "jcb", "diners", "discover", "unionpay",
         "unionpay19")
TIER2 = tuple(name for name in KINDS if name not in TIER1)


def luhn_sum(digits):
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char)
        if place % 2 == 1:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total


def is_luhn(digits):
    return luhn_sum(digits) % 10 == 0


def with_check_digit(digits):
    return digits + str(-luhn_sum(digits + "0") % 10)


def brand_of(digits, tier=2):
    """(brand, 1 or 2) of a number of that length, or None; without regard to its check digit."""
    for brand, low, high, alone, context in RANGES:
        if not low <= digits[:len(low)] <= high:
            continue
        if len(digits) in alone:
            return brand, 1
        if tier >= 2 and len(digits) in context:
            return brand, 2
    return None


def is_like_a_test_number(digits):
    """Digits seven to the last but one hold at most three values, or repeat by two or four."""
    middle = digits[6:-1]
    return (len(set(middle)) <= 3 or len(set(digits)) < 4
            or all(a == b for a, b in zip(middle, middle[2:]))
            or all(a == b for a, b in zip(middle, middle[4:])))


def is_like_a_time(digits):
    """yymmddHH at the front, as ids of shops have it; or YYYYMMDD."""
    def date(month, day, hour):
        return 1 <= int(month) <= 12 and 1 <= int(day) <= 31 and int(hour) <= 23

    return (date(digits[2:4], digits[4:6], digits[6:8])
            or digits[:2] in ("19", "20") and date(digits[4:6], digits[6:8], digits[8:10]))


def draw_digits(rng, count):
    return "".join(rng.choices("0123456789", k=count))


def draw_card(rng, kind):
    """A number of a kind of KINDS."""
    brand, prefixes, length = KINDS[kind]
    while True:
        prefix = rng.choice(prefixes)
        digits = with_check_digit(prefix + draw_digits(rng, length - 1 - len(prefix)))
        if (brand_of(digits) == (brand, 1 if kind in TIER1 else 2)
                and not is_like_a_test_number(digits) and not is_like_a_time(digits)):
            return digits


def groups_of(digits):
    """How the number is printed on the card."""
    if len(digits) == 15:
        sizes = (4, 6, 5)
    elif len(digits) == 14:
        sizes = (4, 6, 4)
    else:
        sizes = (4, 4, 4, 4, 3)
    out, at = [], 0
    for size in sizes:
        out += [digits[at:at + size]] if digits[at:at + size] else []
        at += size
    return out
