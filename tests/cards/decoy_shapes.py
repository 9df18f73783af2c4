"""Numbers that are no cards: each shape draws one as its issuer would, until (if asked) its
digits hold a number with a valid check digit in a card brand's range."""
import datetime
import uuid

from issuers import brand_of, draw_digits, is_luhn, luhn_sum

TRIES = 20000


def is_branded(digits):
    """A brand's prefix and length, the thirteen digits of old Visa included, and a valid check
    digit."""
    return is_luhn(digits) and bool(brand_of(digits) or len(digits) == 13 and digits[0] == "4")


def digits_in(text):
    return "".join(char for char in text if char.isascii() and char.isdigit())


def holds_branded(text):
    """The whole number, or a window of 13 to 19 of its digits: what a careless finder takes."""
    digits = digits_in(text)
    return is_branded(digits) or any(
        is_branded(digits[at:at + size]) for size in range(13, 20)
        for at in range(len(digits) - size + 1))


def ean_digit(digits):
    """GS1 General Specifications 7.9."""
    return str(-sum(int(char) * (3, 1)[at % 2] for at, char in enumerate(reversed(digits))) % 10)


def luhn_digit(digits):
    return str(-luhn_sum(digits + "0") % 10)


def moment(rng):
    return datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=rng.randrange(94000000))


def whole(*prefixes, length):
    """Free digits behind a prefix; the last one is made right where that is wished."""
    def draw(rng, wish):
        start = rng.choice(prefixes)
        text = start + draw_digits(rng, length - len(start))
        return text[:-1] + luhn_digit(text[:-1]) if wish else text
    return draw


def jan13(rng, wish):
    body = rng.choice(("45", "49")) + draw_digits(rng, 10)
    return body + ean_digit(body)


def book(rng, wish):
    """The two rows of a Japanese book: ISBN-13, then class and price."""
    first, second = "9784" + draw_digits(rng, 8), "192" + draw_digits(rng, 9)
    return f"{first}{ean_digit(first)} {second}{ean_digit(second)}"


def gtin14(rng, wish):
    body = rng.choice("12") + jan13(rng, wish)[:12]
    return body + ean_digit(body)


def sscc18(rng, wish):
    body = rng.choice("46") + rng.choice(("45", "49")) + draw_digits(rng, 14)
    return body + ean_digit(body)


def order_time(rng, wish):
    """yymmddHHMMSS and four digits more: falls in the second range of Mastercard."""
    text = moment(rng).strftime("%y%m%d%H%M%S") + draw_digits(rng, 4)
    return text[:-1] + luhn_digit(text[:-1]) if wish else text


def imei(rng, wish):
    body = "35" + draw_digits(rng, 12)
    return body + luhn_digit(body)


def iccid(rng, wish):
    body = "8981" + rng.choice(("10", "20", "30")) + draw_digits(rng, 12)
    return body + luhn_digit(body) + draw_digits(rng, 1)


def yamato(rng, wish):
    """Twelve digits, the last by division by seven; two stand beside each other."""
    pair = []
    for _ in range(2):
        body = rng.choice("34") + draw_digits(rng, 10)
        text = body + str(int(body) % 7)
        pair.append(f"{text[:4]}-{text[4:8]}-{text[8:]}")
    return " ".join(pair)


def usps22(rng, wish):
    return "9400" + draw_digits(rng, 18)


def uuid4(rng, wish):
    """Version 4, its letters few: the digits stand together."""
    text = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return "".join(rng.choice("0123456789") if char in "abcdef" and rng.random() < 0.9 else char
                   for char in text)


def hex_token(size):
    """Letters on both sides of a long run of digits."""
    def draw(rng, wish):
        run = whole("4", "51", "35", "37", length=rng.choice((15, 16)))(rng, wish)
        left = "".join(rng.choices("0123456789abcdef", k=rng.randrange(1, size - 18))) \
            + rng.choice("abcdef")
        text = left + run + rng.choice("abcdef")
        return text + "".join(rng.choices("0123456789abcdef", k=size - len(text)))
    return draw


def fraction(rng, wish):
    return "0." + whole("4", "51", "52", "35", "37", "6011", length=16)(rng, wish)


def coordinate(rng, wish):
    """Tokyo, as a double prints; both digits of the degrees count with the fraction."""
    return f"{rng.choice(('35', '36', '34'))}.{draw_digits(rng, 14)}"


def long_run(size):
    return lambda rng, wish: draw_digits(rng, size)


def base64_run(rng, wish):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    number = whole("4", "51", "35", "37", length=16)(rng, wish)
    return ("".join(rng.choices(alphabet, k=rng.randrange(40, 120))) + "x" + number + "Q"
            + "".join(rng.choices(alphabet, k=rng.randrange(40, 120))))


def phones(rng, wish):
    """Two numbers beside each other."""
    one = f"0{rng.choice(('3', '6'))}-{draw_digits(rng, 4)}-{draw_digits(rng, 4)}"
    return one + f" 0{rng.choice('789')}0-{draw_digits(rng, 4)}-{draw_digits(rng, 4)}"


def corporate(rng, wish):
    """Thirteen digits, the first a check modulo nine (ordinance of 2014), behind a T; two."""
    def one():
        body = rng.choice("01234") + draw_digits(rng, 11)
        weighed = sum(int(char) * (1, 2)[at % 2] for at, char in enumerate(reversed(body)))
        return f"T{9 - weighed % 9}{body}"
    return one() + " " + one()


def placeholder(rng, wish):
    """What a form shows before anybody types: two digits at most."""
    while True:
        one, other = rng.choice("3456"), rng.choice("0123456789")
        text = "".join(rng.choices(one + other, k=rng.choice((15, 16)), weights=(9, 1)))
        text = rng.choice("3456") + text[1:-1]
        text += luhn_digit(text)
        if len(set(text)) <= 3 and is_branded(text):
            return text


def stamp(rng, wish):
    """Digits of a date and of milliseconds, or nanoseconds since 1970."""
    when = moment(rng)
    return f"{when:%Y%m%d%H%M%S}{draw_digits(rng, 3)}" if rng.random() < 0.5 else \
        f"{when.timestamp():.0f}{draw_digits(rng, 9)}"


def alnum_id(rng, wish):
    """An id of a payment provider: letters on both sides."""
    run = whole("4", "51", "35", "37", length=16)(rng, wish)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f"{rng.choice(('ch', 'pi', 'evt'))}_{rng.choice(letters)}{run}{rng.choice(letters)}"


def four_by_four(separator):
    """Four numbers of four digits."""
    def draw(rng, wish):
        text = whole("4", "51", "53", "3530", "62", length=16)(rng, wish)
        return separator.join(text[at:at + 4] for at in range(0, 16, 4))
    return draw


def oid(rng, wish):
    """An object identifier: groups of four go on in both directions."""
    return "1.3.6.1.4.1." + four_by_four(".")(rng, wish) + ".1." + draw_digits(rng, 2)


def rakuten(rng, wish):
    return f"{draw_digits(rng, 6)}-{moment(rng):%Y%m%d}-{draw_digits(rng, 10)}"


def amazon(rng, wish):
    return f"{rng.choice(('503', '249', '250'))}-{draw_digits(rng, 7)}-{draw_digits(rng, 7)}"


def play_order(rng, wish):
    return "GPA.3" + draw_digits(rng, 3) + "-" + "-".join(draw_digits(rng, n) for n in (4, 4, 5))


def analytics(rng, wish):
    return f"{rng.randint(1000000000, 2147483647)}.{moment(rng).timestamp():.0f}"


def boundary(rng, wish):
    """Firefox of before 2021: 27 hyphens and up to 30 digits."""
    return "-" * 27 + draw_digits(rng, rng.choice((14, 15, 16, 28, 29, 30)))


def wei(rng, wish):
    return whole("4", "36", "38", "62", length=rng.choice((18, 19)))(rng, wish)


def tran_id(rng, wish):
    return f"{moment(rng):%y%m%d%H%M%S}" + draw_digits(rng, 16)


def instagram(rng, wish):
    return whole("36", "38", "39", length=19)(rng, wish) + "_" + draw_digits(rng, 10)


def drawn(shape, rng, wish):
    """One of a shape; with wish until a branded number is in it."""
    for _ in range(TRIES):
        text = shape(rng, wish)
        if not wish or holds_branded(text):
            return text
    raise RuntimeError(f"{shape} draws nothing with a brand")
