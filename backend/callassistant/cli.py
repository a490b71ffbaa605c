"""`callassistant COMMAND …`: finds the command's module and hands the rest of the line to it.

Each command is imported only when it is called: the production image has no sandbox, and `serve` starts faster
without what it does not need.
"""

import importlib
import sys

COMMANDS = {
    "serve": ("callassistant.serve", "run the production server"),
    "migrate": ("callassistant.migrate", "bring the database schema up to date"),
    "database": ("callassistant.database", "hold the embedded database for other processes"),
    "seed-demo": ("callassistant.seed_demo", "make the demo account, print it as JSON"),
    "sandbox": ("callassistant.sandbox", "run everything offline: database, server, carrier, speech, softphone"),
    "call": ("callassistant.call", "place a simulated call and print the conversation"),
    "journeys": ("callassistant.journeys", "run callers from scripts against the whole stack"),
    "bench": ("callassistant.bench", "measure the media path"),
}


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(["usage: callassistant COMMAND [options]   (COMMAND --help tells its options)", "", *lines])


def main() -> None:
    """Entry point of the console script."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        sys.exit(0 if arguments else 2)
    found = COMMANDS.get(arguments[0])
    if found is None:
        print(f"callassistant: there is no command {arguments[0]!r}\n\n{usage()}", file=sys.stderr)
        sys.exit(2)
    try:
        module = importlib.import_module(found[0])
    except ModuleNotFoundError as error:
        print(f"callassistant {arguments[0]}: not part of this installation ({error.name} is missing)", file=sys.stderr)
        sys.exit(2)
    sys.exit(module.main(arguments[1:]))


if __name__ == "__main__":
    main()
