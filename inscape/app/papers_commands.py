"""`inscape papers list|show|search|digest|feed|export|import`: the reading list at the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inscape.app.catalogue.library import Library

app = typer.Typer(
    help="The reading list: 25 papers, their claims, and what was measured of them here.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON, for other programs.")]
StoreOption = Annotated[
    Path | None, typer.Option(help="Folder of the runs; $INSCAPE_RUNS or the user's data folder if left out.")
]
OutOption = Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")]


@app.command("list")
def list_papers(store: StoreOption = None, json: JsonOption = False) -> None:
    """List the papers: what they claim, and how many of their claims are met here.

    **Example**  `inscape papers list`
    """
    from inscape.app.catalogue.exports import as_json
    from inscape.app.terminal import print_json, print_table

    library = _library(store)
    if json:
        print_json(as_json(library))
        return
    newest = library.newest()
    rows = []
    for card in library.catalogue:
        shown = library.shown(card, newest)
        judged = 0 if shown is None else shown.met + shown.missed
        met = "" if shown is None else f"{shown.met} of {judged}" if judged else "not judged"
        number = "" if card.number is None else str(card.number)
        rows.append((number, card.paper.title, str(card.paper.year or ""), card.state, str(len(card.claims)), met))
    print_table("Papers", ("no", "title", "year", "state", "claims", "met"), rows)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Number, name or arXiv id: 22, chaos-zoo or 2110.05266.")],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Show one paper: its claims beside our numbers.

    **Example**  `inscape papers show 19`
    """
    from inscape.app.catalogue.exports import card_record
    from inscape.app.terminal import number, print_json, print_line, print_table

    library = _library(store)
    card = library.catalogue.card(name)
    shown = library.shown(card)
    record = card_record(card, shown)
    if json:
        print_json(record)
        return
    print_line(card.paper.reference)
    print_line(card.summary)
    rows = []
    for claim in record["claims"]:
        ours = "" if claim["ours"] is None else number(claim["ours"])
        if claim["low"] is not None and claim["high"] is not None:
            ours += f" ({number(claim['low'])} to {number(claim['high'])})"
        paper = "" if claim["paper"] is None else f"{number(claim['paper'])} {claim['unit']}".strip()
        verdict = claim["verdict"] if card.state == "runs here" else claim["direction"]
        rows.append((claim["statement"], paper, ours, claim["bound"], verdict))
    if rows:
        print_table(card.name, ("claim", "paper", "ours", "bar", "verdict"), rows)
    for question in card.questions:
        print_line(f"also claimed, without a number known to us: {question}")
    print_line(_how(card.state, card.call_name, None if shown is None else shown.record.name))


@app.command("search")
def search(
    question: Annotated[list[str], typer.Argument(help="Words or a question.", show_default=False)],
    count: Annotated[int, typer.Option(help="How many papers and claims to show.", min=1, max=100)] = 5,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Find papers and claims by words and by meaning; nothing is downloaded.

    **Example**  `inscape papers search "can Koopman eigenvalues be trusted"`
    """
    from inscape.app.terminal import print_json, print_line, print_table

    hits = _library(store).catalogue.search.find(" ".join(question), papers=count, claims=count)
    if json:
        papers = [{"slug": h.card.slug, "title": h.card.paper.title, "score": h.score} for h in hits.papers]
        claims = [
            {"paper": h.card.slug, "claim": h.claim.claim.name, "statement": h.claim.claim.statement, "score": h.score}
            for h in hits.claims
        ]
        print_json({"papers": papers, "claims": claims})
        return
    if not hits.papers and not hits.claims:
        print_line("Nothing here speaks of that.")
        return
    print_table("Papers", ("paper", "title"), [(h.card.slug, h.card.paper.title) for h in hits.papers])
    print_table("Claims", ("paper", "claim"), [(h.card.slug, h.claim.claim.statement) for h in hits.claims])


@app.command("digest")
def digest(
    days: Annotated[float, typer.Option(help="How many days it looks back.")] = 7.0,
    folder: Annotated[Path | None, typer.Option(help="Write the digest there, as HTML and text.")] = None,
    mail: Annotated[
        Path | None,
        typer.Option(help="TOML file with host, sender, recipients (and port, user, encryption): mail it there."),
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Mail it by the settings in INSCAPE_SMTP_*.")] = False,
    store: StoreOption = None,
) -> None:
    """Tell what was found in the last days; write it, or mail it through your own server.

    Settings may stand in the environment as well: INSCAPE_SMTP_HOST, INSCAPE_SMTP_PASSWORD and so on.

    **Examples**

    `inscape papers digest`

    `inscape papers digest --days 30 --folder digests --mail smtp.toml`
    """
    from inscape.app.catalogue import mail as post
    from inscape.app.catalogue.digest import digest as make
    from inscape.app.catalogue.digest import write_digest
    from inscape.app.terminal import print_line

    # Settings that cannot work stop everything before anything is written or sent.
    settings = post.mail_settings(mail) if mail is not None or send else None
    made = make(_library(store), days=days)
    if folder is not None:
        page, plain = write_digest(made, folder)
        print_line(f"written: {page} and {plain.name}")
    if settings is not None:
        post.send(made, settings)
        print_line(f"mailed to {', '.join(settings.recipients)}: {made.subject}")
    if folder is None and settings is None:
        for line in made.text.splitlines():
            print_line(line)


@app.command("feed")
def feed(
    out: OutOption = None,
    address: Annotated[str, typer.Option(help="Where the gallery stands.")] = "http://127.0.0.1:8100",
    store: StoreOption = None,
) -> None:
    """Print the findings as an Atom feed.

    **Example**  `inscape papers feed --out feed.xml`
    """
    from inscape.app.catalogue.feed import atom
    from inscape.app.catalogue.findings import findings

    _tell(atom(findings(_library(store)), address=address), out)


@app.command("export")
def export(
    form: Annotated[str, typer.Option("--format", help="json (all numbers) or bibtex (the papers).")] = "json",
    out: OutOption = None,
    store: StoreOption = None,
) -> None:
    """Export the whole catalogue.

    **Example**  `inscape papers export --format bibtex --out papers.bib`
    """
    import json

    from inscape.app.catalogue.exports import as_bibtex, as_json
    from inscape.errors import UnknownNameError

    if form not in ("json", "bibtex"):
        raise UnknownNameError("format", form, ("json", "bibtex"))
    library = _library(store)
    text = as_bibtex(library.catalogue) if form == "bibtex" else json.dumps(as_json(library), indent=1)
    _tell(text, out)


@app.command("import")
def import_papers(
    file: Annotated[Path, typer.Argument(help="BibTeX, OPML, or text with an arXiv id a line.", show_default=False)],
    store: StoreOption = None,
) -> None:
    """Add papers of your own to the list; they are searched and exported with the others.

    **Example**  `inscape papers import my-papers.bib`
    """
    from inscape.app.catalogue.reading_list import add_to_own, papers_in
    from inscape.app.terminal import print_line
    from inscape.studies.runs import RunStore

    papers = papers_in(file)
    added = add_to_own(RunStore(store).root, papers)
    print_line(f"{len(papers)} papers found, {added} of them new; see: inscape papers list")


def _library(store: Path | None) -> Library:
    from inscape.app.catalogue.library import Library
    from inscape.studies.runs import RunStore

    return Library(RunStore(store))


def _tell(text: str, out: Path | None) -> None:
    from inscape.app.terminal import print_line
    from inscape.atomic import write_text

    if out is None:
        typer.echo(text)
        return
    write_text(out, text)
    print_line(f"written: {out}")


def _how(state: str, call_name: str, run: str | None) -> str:
    if state == "planned":
        return "This paper has no study yet."
    if state == "yours":
        return "A paper of your own list."
    return f"from run {run}" if run else f"run it: inscape study run {call_name}"
