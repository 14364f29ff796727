"""`inscape network sites|heads|eigenscore|pathways`: the instruments, on a model that lies on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Look inside a language model: its sites, induction heads, doubts and routes.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

ModelArgument = Annotated[
    str, typer.Argument(help="A Hugging Face folder, a .gguf file, or smollm2. The network is never asked.")
]
TextsArgument = Annotated[Path, typer.Argument(help="A text file, one prompt a line.", show_default=False)]
ReportOption = Annotated[Path | None, typer.Option(help="Write a page: one HTML file with interactive plots.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON, for other programs.")]
SeedOption = Annotated[int, typer.Option(help="Every random choice follows from it.", min=0)]


@app.command("sites")
def sites(
    model: ModelArgument,
    pattern: Annotated[str, typer.Option(help="Only sites whose name matches: '**.mlp.*'.")] = "**",
    json: JsonOption = False,
) -> None:
    """List the places of a model that a recorder or a clamp can hold, with the axes of what passes there.

    **Example**  `inscape network sites smollm2 --pattern 'model.layers.0.**'`
    """
    from inscape.app.network_reading import list_sites
    from inscape.app.terminal import print_json, print_table

    rows = list_sites(model, pattern)
    if json:
        print_json(rows)
        return
    print_table(f"Sites of {model}", ("site", "module", "axes", "type"), [tuple(row.values()) for row in rows])


@app.command("heads")
def heads(
    model: ModelArgument,
    count: Annotated[int, typer.Option(help="So many of the strongest heads are shown, and silenced.", min=1)] = 8,
    length: Annotated[int, typer.Option(help="Random tokens, said twice.", min=2)] = 40,
    sequences: Annotated[int, typer.Option(help="Sequences of them.", min=1)] = 4,
    report: ReportOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Find a model's induction heads: which attend to what followed the first time, and what is lost without them.

    Random tokens are said twice; only copying from the context helps with the repeat. The table has the loss on both
    sayings (nats a token) with the strongest heads silent, one more in each row.

    **Examples**

    `inscape network heads smollm2 --report heads.html`

    `inscape network heads ./my-llama --count 12 --length 100`
    """
    from inscape.app.commands import check_places
    from inscape.app.network_reading import read_heads

    check_places(report)
    read_heads(model, count, length, sequences, seed).show(json, report)


@app.command("eigenscore")
def eigenscore(
    model: ModelArgument,
    prompts: TextsArgument,
    samples: Annotated[int, typer.Option(help="Answers to each prompt.", min=2)] = 10,
    tokens: Annotated[int, typer.Option(help="Tokens of an answer, at most.", min=1)] = 16,
    temperature: Annotated[float, typer.Option(help="Of the sampling.", min=0.0)] = 0.5,
    chat: Annotated[bool, typer.Option("--chat", help="Ask in the model's own form of a chat.")] = False,
    report: ReportOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Ask every prompt several times and score how far the answers scatter: where does the model guess?

    A higher eigenscore means more scatter. Entropy, distinct answers and log-probability of the same answers stand
    beside it: compare them before you believe any one.

    **Example**  `inscape network eigenscore smollm2 questions.txt --chat --report doubts.html`
    """
    from inscape.app.commands import check_places
    from inscape.app.network_reading import read_doubts

    check_places(report)
    read_doubts(model, prompts, samples, tokens, temperature, chat, seed).show(json, report)


@app.command("pathways")
def pathways(
    checkpoints: Annotated[
        Path, typer.Argument(help="A folder of checkpoints named stepN or stepN-tokensMB.", show_default=False)
    ],
    texts: Annotated[
        list[Path], typer.Argument(help="Text files, one sample a line; each file is a domain.", show_default=False)
    ],
    threshold: Annotated[
        float, typer.Option(help="A pathway holds experts until their weights pass this.", min=0.01, max=1.0)
    ] = 0.7,
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """Follow the routes of a mixture of experts through its training: distance and overlap of its pathways.

    No test set is needed: pathways that draw together while the training loss is flat are the sign of a network that
    goes on from memorising to generalising. Loss is that of the next token.

    **Example**  `inscape network pathways ./olmoe-steps code.txt law.txt --report pathways.html`
    """
    from inscape.app.commands import check_places
    from inscape.app.network_reading import read_pathways

    check_places(report)
    read_pathways(checkpoints, texts, threshold).show(json, report)
