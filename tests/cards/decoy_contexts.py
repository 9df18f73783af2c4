"""Where numbers that are no cards come from: one row a context.  Ways: up, our server sends;
down, it answers a visitor; in, a visitor sends to it; pull, it is answered."""
import typing

import decoy_shapes as shape
from decoy_frames import (base64_json, csv, form, html, joined, json_list, json_rows, jwt, lines,
                          mime, nothing, sql, target)


class Context(typing.NamedTuple):
    name: str
    about: str
    shape: typing.Callable
    frame: typing.Callable
    directions: tuple
    most: int = 700       # numbers in a message
    repeats: bool = False  # one value again and again
    dense: bool = True    # they may all have a right check digit


UP, DOWN, IN, PULL = "up", "down", "in", "pull"
BOTH = (UP, DOWN, IN, PULL)
CORE = ("4", "51", "53", "55", "2310", "3530", "3568", "6011", "62", "65")
N16 = shape.whole(*CORE, length=16)
N15 = shape.whole("34", "37", length=15)
N14 = shape.whole("36", "38", "39", "300", length=14)

CONTEXTS = [Context(*row) for row in [
    # orders, members, invoices
    ("order-json", "order numbers of 16 digits in JSON", N16, json_rows("order_id"), (UP, DOWN)),
    ("order-number-json", "the same as numbers", N16,
     json_rows("orderNo", as_number=True), (UP, PULL)),
    ("order-ids-list", "an array of order numbers", N16, json_list("orderIds"), BOTH),
    ("order-form", "order number in a form", N16, form("order_no"), (UP, IN), 40),
    ("order-form-ja", "a shop's module calls it 受注番号", N16, form("受注番号"), (UP, IN), 40),
    ("order-csv-sjis", "EC shop's export, Shift_JIS", N16,
     csv("注文番号,注文日,お名前,電話番号,郵便番号,合計", "cp932"), (UP, DOWN)),
    ("order-page", "list of orders", N16,
     html("<tr><td>注文番号</td><td>{v}</td><td>{date}</td><td>{name}</td></tr>"), (DOWN, PULL)),
    ("order-time", "yymmddHHMMSS and four digits", shape.order_time, json_rows("order_id"),
     (UP, DOWN)),
    ("order-time-page", "the same in a page", shape.order_time,
     html("<li>ご注文番号 {v} ({date})</li>"), (DOWN,)),
    ("member-json", "member numbers", N16, json_rows("member_id"), (UP, PULL)),
    ("member-csv", "members in EUC-JP", N16,
     csv("会員番号,登録日,氏名,電話番号,郵便番号,購入金額", "euc_jp"), (UP, DOWN)),
    ("points", "number of a point programme", N16, json_rows("pointId"), (UP, PULL)),
    ("invoice", "invoice numbers, with dates beside", N16,
     lines("Invoice {v} of {date}, due 12/28, {name}, JPY {small}00"), (UP, DOWN)),
    ("licence-keys", "keys of four by four digits", shape.four_by_four("-"),
     json_rows("license_key"), (UP, DOWN), 700, False, False),
    ("serials", "serial numbers and gift codes", N16, json_rows("serial_no"), (UP, DOWN)),
    ("rakuten", "shop, date, sequence", shape.rakuten, json_rows("orderNumber"), (UP, PULL)),
    ("amazon", "3-7-7", shape.amazon, csv("amazon-order-id,date,name,tel,zip,total"), (UP, PULL)),
    ("play-order", "GPA. 4-4-4-5", shape.play_order, json_rows("orderId"), (UP, PULL)),
    ("receipt-apple", "15 digits, as Amex has", N15,
     json_rows("original_transaction_id", nothing), (UP, PULL)),
    ("psp-tran", "transaction ids beside a masked card", shape.tran_id,
     lines("OrderID=A{small}&Forward=2a99661&Approve=07{small}&TranID={v}"
           "&CardNo=************{small}&Method=1"), (PULL, DOWN), 100),
    ("sql-ids", "ids in a dump", N16, sql("log", "event_id"), (UP, DOWN)),
    # goods, parcels, devices
    ("jan", "JAN codes: Visa of 13 digits", shape.jan13, json_rows("jan"), BOTH),
    ("jan-page", "JAN codes in a page", shape.jan13,
     html('<meta itemprop="gtin13" content="{v}"><b>{item}</b>'), (DOWN, PULL)),
    ("jan-csv", "stock list", shape.jan13, csv("JANコード,更新日,担当,電話,郵便番号,数量", "cp932"),
     (UP, DOWN)),
    ("isbn", "ISBN-13 and the row below it", shape.book, json_rows("isbn"), (UP, DOWN)),
    ("gtin14", "cartons", shape.gtin14, json_rows("gtin"), (UP, PULL)),
    ("sscc", "pallets, 18 digits", shape.sscc18, json_rows("sscc"), (UP, PULL)),
    ("imei", "IMEI", shape.imei, json_rows("imei"), (UP, IN)),
    ("imeisv", "IMEISV, 16 digits: JCB's range", shape.whole(
        "3528", "3541", "3560", "3589", length=16), json_rows("imeisv"), (UP, IN)),
    ("iccid", "SIM cards", shape.iccid, json_rows("iccid"), (UP, IN)),
    ("tracking-yamato", "12 digits, 4-4-4, beside each other", shape.yamato,
     lines("{date} お問い合わせ伝票番号 {v} {item}"), (UP, DOWN)),
    ("tracking-fedex", "15 digits", N15, json_rows("tracking_number"), (UP, DOWN)),
    ("tracking-16", "16 digits in a form", N16, form("slip_no"), (UP, IN), 40),
    ("tracking-usps", "22 digits", shape.usps22, json_rows("tracking"), (UP, PULL)),
    ("shopify-variant", "14 digits: Diners", N14,
     json_rows("variant_id", as_number=True), (UP, DOWN)),
    ("shopify-gid", "the same behind a path", N14,
     json_rows("id", lambda rng: {"__typename": "ProductVariant"}), (UP, PULL)),
    # platforms and analytics
    ("discord", "snowflakes of 18 digits", shape.whole("4", length=18),
     json_rows("channel_id"), (UP, PULL)),
    ("instagram", "media ids of 19 digits", shape.instagram, json_rows("media_id"), (UP, PULL)),
    ("facebook-pixel", "the same id again and again", N16,
     target("/tr?id={one}&ev=PageView&dl=https%3A%2F%2Fwww.hanamizuki.example&v=2.9"),
     (UP, IN), 1, True),
    ("facebook-page", "the pixel in the page", N15,
     html("<script>fbq('init', '{v}');fbq('track','PageView');</script>"), (DOWN,), 3, True),
    ("graph-path", "ids in the path", N16, target("/v19.0/{one}/events?access_token=EAAB"),
     (UP,), 1),
    ("ga-cookie", "client id, ten and ten digits", shape.analytics,
     target("/", ("Cookie: _ga=GA1.2.{one}; _gid=GA1.2.{one}",)), (IN,), 1),
    ("ga-collect", "the same in a query", shape.analytics,
     target("/collect?v=1&tid=UA-1&cid={one}&t=pageview"), (UP, IN), 1),
    ("trace", "trace ids of 64 bits", shape.whole("4", "62", "36", length=19),
     target("/api", ("x-datadog-trace-id: {one}", "x-datadog-parent-id: {one}")), BOTH[:3:2], 1),
    ("log", "request ids in a log", N16,
     lines("{date} {time} INFO [http-{small}] request={v} status=200 took={small}ms"), (UP, DOWN)),
    ("tiktok", "19 digits: Discover", shape.whole("65", "64", length=19),
     json_rows("aweme_id"), (UP, PULL)),
    # hex, base64, tokens
    ("uuid", "UUIDs with few letters", shape.uuid4, json_rows("uuid", nothing), BOTH),
    ("hex-md5", "digits inside 32 hex characters", shape.hex_token(32), json_rows("etag", nothing),
     BOTH),
    ("hex-sha1", "commits", shape.hex_token(40),
     lines("commit {v}\nDate: {date}\n\n    fix {item}"), (UP, DOWN)),
    ("hex-sha256", "digests of files", shape.hex_token(64), lines("{v}  dist/app-{small}.js"),
     (UP, DOWN)),
    ("session-cookie", "session ids", shape.hex_token(32),
     target("/cart", ("Cookie: PHPSESSID={one}; lang=ja",)), (IN,), 1),
    ("visitor-cookie", "a visitor's number", N16,
     target("/cart", ("Cookie: visitor_id={one}; lang=ja",)), (IN,), 1),
    ("jwt", "the subject in a token", N16, jwt, BOTH, 20),
    ("base64-run", "digits in base64", shape.base64_run, json_rows("blob", nothing), BOTH, 200),
    ("base64-state", "order numbers in a state of base64", N16, base64_json("order_ids"),
     (IN, DOWN)),
    ("alnum-ids", "ids of payment providers", shape.alnum_id, json_rows("id", nothing), BOTH),
    ("aws-arn", "accounts of 12 digits: Maestro", shape.whole("5018", "5020", "5038", "58",
                                                              length=12),
     lines("arn:aws:iam::{v}:role/web-{small}"), (UP, DOWN)),
    ("mime-boundary", "boundaries of digits", shape.boundary, mime, (UP, IN), 1),
    ("message-id", "ids of mail", N16, lines("Message-ID: <{small}.{v}.JavaMail@web{small}>"),
     (UP, DOWN)),
    ("asset", "names of files and cache busters", N16,
     html('<script src="/js/app.{v}.js?v={v}"></script>'), (DOWN, PULL)),
    # numbers that are measures
    ("decimals", "fractions", shape.fraction, json_list("weights"), BOTH),
    ("random-query", "Math.random() against caches", shape.fraction,
     target("/px.gif?r={one}&t=js"), (UP, IN), 1),
    ("coordinates", "doubles", shape.coordinate, lines('{{"lat":{v},"lng":139.{small}}}'), BOTH),
    ("svg", "a path", shape.fraction,
     joined("L", '<svg><path d="M', 'Z"/></svg>', "image/svg+xml", "/map.svg"), (DOWN, PULL)),
    ("css", "widths", shape.fraction,
     lines(".c{n}{{width:{v}%;margin-left:-{v}%}}", "/a.css", "text/css"), (DOWN, PULL)),
    ("js-constants", "integers of 53 bits", N16,
     joined(",", "var t=[", "];export default t;", "text/javascript", "/t.js"), (DOWN, PULL)),
    ("js-constant", "one of them", N16,
     joined(",", "var k=", ";function f(a){return a*k}", "text/javascript", "/k.js"),
     (DOWN, PULL), 1),
    ("wei", "amounts of 18 decimals", shape.wei, json_rows("value", nothing), BOTH),
    ("long-runs", "runs of 40 digits", shape.long_run(40), json_rows("ref", nothing), BOTH),
    ("digits-2000", "a number of 2,000 digits", shape.long_run(2000), joined("\n"), BOTH, 3),
    ("stamps", "times of 17 and 19 digits", shape.stamp, json_rows("ts", nothing, as_number=True),
     BOTH),
    ("table", "four columns of four digits", shape.four_by_four(" "),
     lines("{v}", head="open high low last"), BOTH, 700, False, False),
    ("oid", "object identifiers", shape.oid, lines("{v} = INTEGER: {small}"), (UP, DOWN)),
    # people and companies
    ("phones", "telephone numbers beside each other", shape.phones,
     lines("{name} TEL/FAX {v} {date}"), (UP, DOWN)),
    ("corporate", "corporate numbers", shape.corporate, lines("登録番号 {v} {name}"), BOTH),
    ("placeholder", "what a field shows when empty", shape.placeholder,
     html('<input name="cardnumber" autocomplete="cc-number" placeholder="{v}">'), (DOWN,), 1),
]]
