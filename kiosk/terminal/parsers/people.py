"""The words about people: their PINs, names, accounts and tokens."""

from __future__ import annotations

from kiosk.terminal.parsers.lazily import Commands, terminal


def add_people(commands: Commands) -> None:
    """Add people's PINs, and forgetting them."""
    people = commands.add_parser(
        "people", help="give people a PIN, with which they book at a panel in their own name, or forget them"
    )
    acts = people.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the people who have a PIN")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("people.list_people"))
    pin = acts.add_parser(
        "pin",
        help="give somebody a PIN of 4 to 8 digits, or another one",
        description="Give somebody a PIN of 4 to 8 digits. It is asked for at the terminal, or read from the input.",
    )
    pin.add_argument("email", help="the person's main address in Google Workspace")
    pin.add_argument("--remove", action="store_true", help="take the PIN away")
    pin.set_defaults(run=terminal("people.set_pin"))
    forget = acts.add_parser("forget", help="say, or change, after how many days names are forgotten")
    forget.add_argument("days", nargs="?", help="days after a booking, or never")
    forget.set_defaults(run=terminal("audit.forget_names"))
    erase = acts.add_parser(
        "erase",
        help="forget somebody in everything that is over, at their request",
        description="Take a person's name out of past bookings, check-ins, the log of acts, requests and messages, "
        "with their PIN and sessions. Bookings still to come are Google's and stay.",
    )
    erase.add_argument("email")
    erase.set_defaults(run=terminal("audit.erase_person"))


def add_admin(commands: Commands) -> None:
    """Add accounts and tokens."""
    admin = commands.add_parser("admin", help="manage access: accounts of people, tokens of screens and programs")
    acts = admin.add_subparsers(title="acts", metavar="ACT", required=True)
    _add_accounts(acts)
    token = acts.add_parser("token", help="make an access token for a program or a screen, list or revoke them")
    what = token.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", help="what the token is for; it is printed once")
    what.add_argument("--list", action="store_true", help="list the tokens")
    what.add_argument("--revoke", metavar="NAME", help="make a token worthless")
    token.add_argument(
        "--screen",
        action="store_true",
        help="for a browser that is not paired: it shows every display, and acts as whoever stands before it",
    )
    token.add_argument("--json", action="store_true", help="print the list as JSON")
    token.set_defaults(run=terminal("access.token"))


def _add_accounts(acts: Commands) -> None:
    password = acts.add_parser(
        "password",
        help="give an account a password, and the account itself where there is none",
        description="Give an account of the administration a password, adding the account where there is none. "
        "The password is asked for at the terminal, or read from the input.",
    )
    password.add_argument("email")
    password.add_argument(
        "--role", choices=("admin", "manager", "caterer", "viewer"), help="its role; admin for a new account"
    )
    password.add_argument(
        "--scope",
        nargs="*",
        metavar="WHAT",
        help="a manager's rooms (their words in addresses), a caterer's buildings ('' for rooms without one)",
    )
    password.set_defaults(run=terminal("access.set_password"))
    listing = acts.add_parser("list", help="list the accounts")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("access.list_accounts"))
    link = acts.add_parser(
        "link",
        help="print a link with which somebody chooses a password for their account",
        description="Print a link with which the owner of an account chooses a password, once, within 24 hours. An "
        "earlier one is no longer good.",
    )
    link.add_argument("email")
    link.set_defaults(run=terminal("access.hand_out_link"))
    leave = acts.add_parser(
        "log-out",
        help="sign somebody out everywhere",
        description="Sign somebody out of every browser, whether they have an account or not.",
    )
    leave.add_argument("email")
    leave.set_defaults(run=terminal("access.log_out"))
    remove = acts.add_parser("remove", help="take an account away and sign it out everywhere")
    remove.add_argument("email")
    remove.set_defaults(run=terminal("access.remove_account"))
