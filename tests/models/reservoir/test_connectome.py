"""Connectomes as reservoirs: files in, Dale's signs on, every node balanced."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError
from inscape.models.reservoir import connectome_network, read_connectome

GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="edge" attr.name="weight" attr.type="double"/>
  <graph id="worm" edgedefault="directed">
    <node id="AVA"/><node id="AVB"/><node id="DD1"/>
    <edge source="AVA" target="AVB"><data key="d0">2.5</data></edge>
    <edge source="DD1" target="AVA"><data key="d0">-1</data></edge>
    <edge source="AVB" target="DD1"/>
  </graph>
</graphml>
"""


def random_connectome(nodes, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((nodes, nodes)) * (rng.random((nodes, nodes)) < 0.3)


@settings(max_examples=15, deadline=None)
@given(nodes=st.integers(40, 80), seed=st.integers(0, 100))
def test_every_node_that_receives_both_kinds_is_balanced_in_closed_form(nodes, seed):
    network = connectome_network(random_connectome(nodes, seed), seed=seed)
    both = (network.excitation.sums > 0) & (network.inhibition.sums > 0)
    assert both.sum() > 0.8 * nodes
    assert np.abs(network.balance[both]).max() < 1e-12
    assert np.isfinite(network.drive(np.zeros((5, 1)))).all()


def test_a_signed_connectome_keeps_its_signs_and_weights_against_them_are_dropped():
    matrix = random_connectome(30)
    matrix[:, 24:] *= -1
    matrix[3, 25] = 0.2  # an excitatory synapse of a node that inhibits
    network = connectome_network(matrix)
    assert network.inhibition.sources.min() >= 24
    assert network.excitation.sources.max() < 24
    assert network.excitation.matrix.toarray()[3, 25] == 0


def test_graphml_is_read_with_what_a_node_receives_in_its_row(tmp_path):
    file = tmp_path / "worm.graphml"
    file.write_text(GRAPHML)
    assert read_connectome(file).tolist() == [[0, 0, -1], [2.5, 0, 0], [0, 1, 0]]


def test_an_undirected_edge_counts_both_ways(tmp_path):
    file = tmp_path / "worm.graphml"
    file.write_text(GRAPHML.replace('edgedefault="directed"', 'edgedefault="undirected"'))
    matrix = read_connectome(file)
    assert (matrix == matrix.T).all()


def test_tables_are_read_with_and_without_names(tmp_path):
    matrix = np.round(random_connectome(5), 3)
    bare, named = tmp_path / "bare.csv", tmp_path / "named.csv"
    np.savetxt(bare, matrix, delimiter=",")
    lines = [
        "," + ",".join("abcde"),
        *(f"{n}," + ",".join(map(str, row)) for n, row in zip("abcde", matrix, strict=True)),
    ]
    named.write_text("\n".join(lines))
    assert np.array_equal(read_connectome(bare), matrix)
    assert np.array_equal(read_connectome(named), matrix)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("a.csv", "1,2\n3", "unequal"), ("a.csv", "1,2,3\n4,5,6", "square"), ("a.csv", "", "square"),
     ("a.csv", "0,nan\n1,0", "finite"), ("a.csv", "0,0\n0,0", "no connection"), ("a.xlsx", "x", "ending"),
     ("a.graphml", "<graphml>", "well-formed"), ("a.graphml", "<x/>", "no graph"),
     ("a.graphml", '<!DOCTYPE x [<!ENTITY a "b">]><graphml/>', "document type"),
     ("a.graphml", GRAPHML.replace("2.5", "strong"), "strong"),
     ("a.graphml", GRAPHML.replace('target="AVB"', 'target="nobody"'), "nobody")],
)  # fmt: skip
def test_files_that_hold_no_connectome_are_refused_in_one_line(tmp_path, name, text, words):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        read_connectome(file)


@pytest.mark.parametrize("source", ["nowhere.csv", None, np.ones(3), [["a"]], np.ones((1, 1))])
def test_what_is_no_matrix_is_refused(source):
    with pytest.raises(InputError):
        read_connectome(source)


def test_a_connectome_of_one_kind_alone_asks_for_signs():
    with pytest.raises(InputError, match="excitatory"):
        connectome_network(random_connectome(20), excitatory=1.0)
