#!/usr/bin/env python3
"""make.py: the pictures of this folder, from what a vvm program prints and draws.

usage: make.py VVM NAME FILE [ARGS]    writes NAME.svg: `vvm run FILE ARGS` as a terminal shows it
       make.py VVM NAME.png FILE [ARGS]    writes NAME.png: the upper part of the page of that run

A failing run is that of a program in which one line was broken by hand; README.md says which.
"""

import html
import os
import pty
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
COLOURS = {"31": "#ff7a7a", "32": "#57c785", "33": "#e9bd57", "36": "#5cc8d7"}
TEXT, DIM, BACKGROUND = "#e4e9f0", "#8b97a8", "#171c24"
LETTER, LINE, FONT = 8.05, 19, 13.4
STYLE = re.compile(r"\x1b\[([0-9;]*)m")


def in_terminal(command):
    """What a command writes to a terminal, colours and all."""
    chunks = []

    def read(fd):
        chunks.append(os.read(fd, 4096))
        return chunks[-1]  # shown as well

    environ = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    os.environ.clear()
    os.environ.update(environ, TERM="xterm")
    pty.spawn(command, read)
    text = b"".join(chunks).decode("utf-8", "replace").replace("\r\n", "\n")
    return re.sub(r"\r\x1b\[K[^\n\r]*(?=\r)|\r\x1b\[K", "", text)  # progress


def spans(line):
    """(text, style) of a line with escapes."""
    codes, at = [], 0
    for match in STYLE.finditer(line):
        if match.start() > at:
            yield line[at : match.start()], codes
        codes = [] if match.group(1) in ("", "0") else match.group(1).split(";")
        at = match.end()
    if at < len(line):
        yield line[at:], codes


def svg_line(number, line):
    column, out = 0, []
    for text, codes in spans(line):
        colour = next((COLOURS[c] for c in codes if c in COLOURS), DIM if "2" in codes else TEXT)
        weight = ' font-weight="bold"' if "1" in codes else ""
        if text.strip():
            left = len(text) - len(text.lstrip())
            shown = text.strip()
            escaped = html.escape(shown).replace(" ", "\u00a0")  # plain ones would be joined
            out.append(
                f'<text x="{16 + (column + left) * LETTER:.1f}" y="{58 + number * LINE}" '
                f'fill="{colour}"{weight} textLength="{len(shown) * LETTER:.1f}">'
                f"{escaped}</text>"
            )
        column += len(text)
    return "".join(out)


def svg(text, title):
    lines = text.rstrip("\n").split("\n")
    width = 32 + LETTER * max(len(STYLE.sub("", line)) for line in lines)
    height = 76 + LINE * len(lines)
    body = "\n".join(svg_line(i, line) for i, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img" aria-label="{html.escape(title)}">\n'
        f'<rect width="100%" height="100%" rx="9" fill="{BACKGROUND}"/>\n'
        f'<g fill="#3a4452"><circle cx="20" cy="19" r="6"/><circle cx="40" cy="19" r="6"/>'
        f'<circle cx="60" cy="19" r="6"/></g>\n'
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" '
        f'font-size="{FONT}" xml:space="preserve">\n{body}\n</g>\n</svg>\n'
    )


def page(command, out):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "run.html")
        subprocess.run([*command, "--html", file], stdout=subprocess.DEVNULL, check=False)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        flags += ["--disable-background-networking", "--disable-component-update"]
        flags += ["--disable-sync", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        size = os.environ.get("SIZE", "1280,940")
        flags += [f"--window-size={size}", f"--screenshot={out}"]
        subprocess.run(["chromium", *flags, f"file://{file}"], check=True, capture_output=True)


def main():
    vvm, name, *arguments = sys.argv[1:]
    command = [vvm, "run", *arguments]
    if name.endswith(".png"):
        page(command, os.path.join(HERE, name))
        return 0
    shown = "$ vvm run " + " ".join(arguments)
    text = f"{shown}\n" + in_terminal(command)
    with open(os.path.join(HERE, f"{name}.svg"), "w", encoding="utf-8") as f:
        f.write(svg(text, shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
