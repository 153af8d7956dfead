"""Llama Blocks: the window, or with a command name the same engine from the command line."""

import sys

if __name__ == "__main__":
    from app.cli.command_line import main

    sys.exit(main(sys.argv[1:]))
