"""Reservoirs from a connectome: a measured matrix, given Dale's signs and balanced in closed form."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.models.reservoir.network import Network, Synapses

LARGEST_FILE = 200_000_000
"""Bytes of a file that is read whole."""


def read_connectome(source: Any) -> Float[np.ndarray, "node node"]:
    """Weights of a connectome: entry (i, j) is what node i receives from node j.

    Parameters
    ----------
    source : a (node, node) array; or the path of a CSV file (numbers, with or without a row and a column of names) or
        of a GraphML file (an edge's weight is its key "weight", else 1; edges of an undirected graph count both ways).

    Raises
    ------
    InputError : if the file is missing, of another kind or damaged, or the matrix is not square and finite.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.is_file():
            raise InputError(f"{path}: no such file, expected a connectome as .csv or .graphml")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path}: {path.stat().st_size:,} bytes found, at most {LARGEST_FILE:,} are read")
        kind = path.suffix.lower()
        if kind not in (".csv", ".tsv", ".txt", ".graphml"):
            raise InputError(f"{path}: ending {kind or 'none'} found, expected .csv or .graphml")
        matrix = _from_graphml(path) if kind == ".graphml" else _from_table(path)
    else:
        try:
            matrix = np.array(source, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"connectome: {type(source).__name__} found, expected a matrix or a path") from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise InputError(f"connectome: shape {matrix.shape} found, expected a square matrix of at least 2 nodes")
    if not np.isfinite(matrix).all():
        raise InputError(f"connectome: {int((~np.isfinite(matrix)).sum())} entries not finite, expected numbers")
    if not matrix.any():
        raise InputError("connectome: no connection found, every entry is zero")
    return matrix


def connectome_network(
    source: Any,
    inputs: int = 1,
    *,
    excitatory: float | Bool[np.ndarray, "node"] = 0.8,
    input_scale: float = 0.1,
    gain: float = 10.0,
    threshold: float = 0.0,
    retention: float = 0.0,
    seed: int | np.random.Generator | None = 0,
) -> Network:
    """A reservoir wired as a connectome, with unit excitation onto every node and inhibition that balances it.

    A node whose outgoing weights are mostly negative is inhibitory; weights against its sign are dropped (Dale's law).
    Where no weight is negative the signs are drawn. Onto each node, excitation is scaled to a sum of 1, and inhibition
    to the same sum: beta = 0 at every node that receives both.

    Parameters
    ----------
    source : as of `read_connectome`.
    excitatory : share of excitatory nodes, or (node,) which they are; for a matrix without negative weights.
    inputs, input_scale, gain, threshold, retention : as of `dale_network`.
    seed : of the signs and of the input weights.

    Raises
    ------
    InputError : if there are no nodes of one kind left, or as `read_connectome`.
    """
    matrix = read_connectome(source)
    size = len(matrix)
    signs, entering = np.random.default_rng(seed).spawn(2)
    if (matrix < 0).any():
        excites = matrix.sum(axis=0) >= 0
    elif np.ndim(excitatory) == 0:
        excites = np.zeros(size, dtype=bool)
        excites[signs.permutation(size)[: round(float(excitatory) * size)]] = True
    else:
        excites = np.asarray(excitatory, dtype=bool)
        if excites.shape != (size,):
            raise InputError(f"excitatory: shape {excites.shape} found, expected ({size},)")
    if excites.all() or not excites.any():
        raise InputError(
            f"connectome: {int(excites.sum())} of {size} nodes are excitatory, expected some of each; set excitatory="
        )
    np.fill_diagonal(matrix, 0.0)
    signed = (matrix < 0).any()
    against = (matrix > 0) & ~excites if signed else np.zeros_like(matrix, dtype=bool)
    against |= (matrix < 0) & excites
    strength = np.where(against, 0.0, np.abs(matrix))
    kinds = []
    for chosen in (excites, ~excites):
        part = strength * chosen
        sums = part.sum(axis=1, keepdims=True)
        kinds.append(Synapses.from_matrix(part / np.where(sums > 0, sums, 1.0)))
    into = entering.uniform(-0.5, 0.5, (size, int(inputs))) * float(input_scale)
    return Network(kinds[0], kinds[1], into, float(gain), float(threshold), float(retention))


def _from_table(path: Path) -> np.ndarray:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        separator = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t ").delimiter
    except csv.Error:
        separator = ","
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=separator) if any(row)]
    if rows and not _is_number(rows[0][-1]):
        rows = rows[1:]  # a row of names
    if rows and all(row and not _is_number(row[0]) for row in rows):
        rows = [row[1:] for row in rows]
    try:
        return np.array([[float(cell) for cell in row] for row in rows])
    except ValueError:
        raise InputError(f"{path}: cells that are not numbers, or rows of unequal length; expected a matrix") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _from_graphml(path: Path) -> np.ndarray:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        # Entities can grow without bound and name other files; no GraphML writer needs them.
        raise InputError(f"{path}: a document type declaration found, expected plain GraphML without one")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: not well-formed XML ({error})") from None
    graph = next((e for e in root.iter() if e.tag.endswith("graph")), None)
    if graph is None:
        raise InputError(f"{path}: no graph found, expected GraphML")
    keys = {
        e.get("id")
        for e in root.iter()
        if e.tag.endswith("key") and "weight" in (e.get("attr.name"), e.get("id")) and e.get("for") in ("edge", "all")
    }
    nodes = {e.get("id"): k for k, e in enumerate(e for e in graph if e.tag.endswith("node"))}
    matrix = np.zeros((len(nodes), len(nodes)))
    usual = graph.get("edgedefault", "directed") != "undirected"
    for edge in (e for e in graph if e.tag.endswith("edge")):
        source, target = edge.get("source"), edge.get("target")
        if source not in nodes or target not in nodes:
            raise InputError(f"{path}: an edge from {source!r} to {target!r} found, expected names of nodes")
        text_of = next((d.text for d in edge if d.tag.endswith("data") and d.get("key") in keys), "1")
        if not _is_number(text_of or ""):
            raise InputError(f"{path}: weight {text_of!r} found on an edge, expected a number")
        directed = edge.get("directed", "true" if usual else "false") == "true"
        matrix[nodes[target], nodes[source]] += float(text_of or 0)
        if not directed and source != target:
            matrix[nodes[source], nodes[target]] += float(text_of or 0)
    return matrix
