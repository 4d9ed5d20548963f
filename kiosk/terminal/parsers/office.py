"""The words about services, webhooks, mail and the log of acts."""

from __future__ import annotations

from kiosk.terminal.parsers.lazily import Commands, terminal


def add_services(commands: Commands) -> None:
    """Add services and requests."""
    services = commands.add_parser("services", help="what buildings offer with a booking, and what was asked for")
    acts = services.add_subparsers(title="acts", metavar="ACT", required=True)
    for name, text in (("list", "list what buildings offer"), ("requests", "list what was asked for")):
        listing = acts.add_parser(name, help=text)
        listing.add_argument("--json", action="store_true", help="print JSON")
        listing.set_defaults(run=terminal("services.list_services" if name == "list" else "services.list_requests"))
    add = acts.add_parser("add", help="let a building offer something")
    add.add_argument("building", help="as the rooms name it; '' for rooms that name none")
    add.add_argument("name")
    add.add_argument("--detail", default="", help="what it is")
    add.add_argument("--lead", type=int, default=60, help="minutes before the booking until which it is asked for (60)")
    add.set_defaults(run=terminal("services.add_service"))
    edit = acts.add_parser("edit", help="change what a building offers, or offer it no longer")
    edit.add_argument("number", type=int)
    edit.add_argument("--name")
    edit.add_argument("--detail")
    edit.add_argument("--lead", type=int)
    edit.add_argument("--offer", choices=("on", "off"))
    edit.set_defaults(run=terminal("services.edit_service"))
    answer = acts.add_parser("answer", help="accept, decline or finish what was asked for")
    answer.add_argument("number", type=int, help="of the request")
    answer.add_argument("state", choices=("accepted", "declined", "done"))
    answer.add_argument("answer", nargs="?", default="", help="a word to whoever asked")
    answer.set_defaults(run=terminal("services.answer_request"))


def add_problems(commands: Commands) -> None:
    """Add problems that were reported at doors."""
    problems = commands.add_parser("problems", help="what people said at doors is wrong with rooms")
    acts = problems.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list what is not settled")
    listing.add_argument("--all", action="store_true", help="list what is settled too")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("problems.list_problems"))
    for state, text in (("seen", "say that somebody looks after it"), ("done", "say that it is settled")):
        act = acts.add_parser(state, help=text)
        act.add_argument("number", type=int, help="of the problem")
        act.add_argument("note", nargs="?", default="", help="a word for whoever looks later")
        act.set_defaults(run=terminal("problems.answer_problem"), state=state)


def add_webhooks(commands: Commands) -> None:
    """Add webhooks and what was told."""
    webhooks = commands.add_parser("webhooks", help="tell other programs what happens")
    acts = webhooks.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the webhooks and how their last delivery ended")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("webhooks.list_webhooks"))
    add = acts.add_parser("add", help="add a webhook; its secret is printed once")
    add.add_argument("url", help="such as https://example.org/rooms")
    add.add_argument("events", nargs="*", help="what it is told of, such as booking.confirmed; everything if left out")
    add.set_defaults(run=terminal("webhooks.add_webhook"))
    for name, text in (("test", "send it a trial, here and now"), ("remove", "tell it nothing any more")):
        act = acts.add_parser(name, help=text)
        act.add_argument("number", type=int)
        act.set_defaults(run=terminal(f"webhooks.{name}_webhook"))
    switch = acts.add_parser("switch", help="tell it things again, or not for a while")
    switch.add_argument("number", type=int)
    switch.add_argument("wish", choices=("on", "off"))
    switch.set_defaults(run=terminal("webhooks.switch_webhook"))
    log = acts.add_parser("log", help="list the newest messages, mails too, and what became of them")
    log.add_argument("--json", action="store_true", help="print JSON")
    log.set_defaults(run=terminal("webhooks.list_deliveries"))
    retry = acts.add_parser(
        "retry",
        help="send a message again, here and now",
        description="Send a message again that has not arrived, a webhook's or a mail, here and now.",
    )
    retry.add_argument("id", help="of the message, as `kiosk webhooks log` shows it")
    retry.set_defaults(run=terminal("webhooks.retry_delivery"))


def add_mail(commands: Commands) -> None:
    """Add the trial of mail."""
    mail = commands.add_parser("mail", help="try whether mail is sent")
    acts = mail.add_subparsers(title="acts", metavar="ACT", required=True)
    test = acts.add_parser(
        "test",
        help="send a trial mail, here and now",
        description="Send a trial mail to an address, here and now, by the server that KIOSK_SMTP_URL names.",
    )
    test.add_argument("address", metavar="ADDRESS", help="such as anna@example.org")
    test.set_defaults(run=terminal("webhooks.test_mail"))


def add_look(commands: Commands) -> None:
    """Add the organisation's look."""
    look = commands.add_parser(
        "look",
        help="show or change the logo and the colour of screens and pages",
        description="Show or change the organisation's logo and colour. A colour that is hard to read is refused, "
        "and the nearest one that is not is named. Light, dark or high contrast: `kiosk policy theme=…`.",
    )
    look.add_argument("--accent", metavar="COLOUR", help="by day, such as #00613a; '' for ours")
    look.add_argument("--night", metavar="COLOUR", help="by night; '' makes it of the day's")
    look.add_argument("--logo", metavar="FILE", help="SVG, PNG or WebP, 32 kB at most; '' for none")
    look.add_argument("--plate", choices=("light", "dark"), help="what the logo stands on")
    look.add_argument("--clear", action="store_true", help="back to the product's own look")
    look.add_argument("--json", action="store_true", help="print JSON")
    look.set_defaults(run=terminal("look.set_look"))


def add_occupancy(commands: Commands) -> None:
    """Add the report of how rooms were used."""
    occupancy = commands.add_parser(
        "occupancy",
        help="say how rooms were used over a period",
        description="Say how rooms were used. Without days, the four weeks up to yesterday. docs/occupancy.md says "
        "what each figure means.",
    )
    occupancy.add_argument("--from", dest="first", default="", metavar="DAY", help="such as 2026-08-01")
    occupancy.add_argument("--to", dest="last", default="", metavar="DAY", help="that day too")
    occupancy.add_argument("--building", default="", metavar="NAME", help="only its rooms")
    occupancy.add_argument("--floor", default="", metavar="NAME", help="only its rooms")
    occupancy.add_argument("--size", default="", metavar="SEATS", help="only rooms of that class: 1-4, 5-8, 9-14, 15+")
    occupancy.add_argument("--room", default="", metavar="SLUG", help="only that room")
    form = occupancy.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the whole report as JSON")
    form.add_argument("--csv", action="store_true", help="print a line for each room as CSV")
    occupancy.set_defaults(run=terminal("occupancy.report"))


def add_monthly(commands: Commands) -> None:
    """Add when the report of a month is sent."""
    monthly = commands.add_parser(
        "monthly",
        help="show or change when each month's report of how rooms were used is sent, and to whom",
        description="Show or change on which day of the month the report of how rooms were used in the month before "
        "is sent, and to whom. Webhooks that want occupancy.report get it too. See docs/occupancy.md.",
    )
    monthly.add_argument("--day", type=int, metavar="DAY", help="from 1 to 28; 0 for never")
    monthly.add_argument("--to", nargs="*", metavar="ADDRESS", help="who is sent it by mail; nobody if left empty")
    monthly.add_argument("--json", action="store_true", help="print JSON")
    monthly.set_defaults(run=terminal("occupancy.plan_report"))


def add_audit(commands: Commands) -> None:
    """Add the log of acts."""
    audit = commands.add_parser("audit", help="search the log of acts: who did what, from where")
    for name in ("actor", "act", "room", "result", "text"):
        audit.add_argument(f"--{name}", default="", help="a slug" if name == "room" else "a part of it")
    audit.add_argument("--from", dest="since", default="", metavar="DAY", help="such as 2026-08-10")
    audit.add_argument("--to", dest="until", default="", metavar="DAY", help="that day too")
    form = audit.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything that matches as JSON")
    form.add_argument("--csv", action="store_true", help="print everything that matches as CSV")
    audit.set_defaults(run=terminal("audit.audit"))
