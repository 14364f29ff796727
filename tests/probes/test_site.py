"""Sites: what a name means, and what is said when it means nothing."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError, UnknownNameError  # noqa: E402
from inscape.models.tap import Tap  # noqa: E402
from inscape.probes import Recorder, find_sites, sites_of  # noqa: E402
from inscape.probes.site import Site  # noqa: E402
from tests.probes.small_nets import TwoLayers, hooks_on  # noqa: E402


class Deep(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(TwoLayers() for _ in range(12))


def test_a_star_stays_within_one_part_of_a_name():
    assert find_sites(TwoLayers(), "layers.*") == ("layers.0", "layers.1")
    assert find_sites(Deep(), "layers.*") == tuple(f"layers.{n}" for n in range(12))


def test_two_stars_cross_dots():
    assert len(find_sites(Deep(), "**.heads")) == 12
    assert find_sites(TwoLayers(), "**.heads") == ("heads",)


def test_braces_choose_and_question_marks_stand_for_one_character():
    assert find_sites(Deep(), "layers.{0,11}.heads") == ("layers.0.heads", "layers.11.heads")
    assert len(find_sites(Deep(), "layers.?")) == 10


def test_sites_come_in_the_networks_order_and_once():
    assert find_sites(TwoLayers(), ["readout", "layers.*", "layers.0"]) == ("readout", "layers.0", "layers.1")


@pytest.mark.parametrize(
    "text",
    [
        "layers.1.attention.pattern[head=3, query=-1]",
        "model.layers.0:input",
        "a.b:output.1",
        "gate:output.logits[unit=2:5]",
    ],
)
def test_a_site_reads_back_as_it_was_written(text):
    assert str(Site.parse(text)) == text


def test_a_list_of_indices_may_stand_in_square_or_round_brackets():
    assert Site.parse("a[head=[1, 3], query=-1]") == Site.parse("a[head=(1,3),query=-1]")
    assert dict(Site.parse("a[head=[1, 3], query=-1]").selection) == {"head": (1, 3), "query": -1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a[",
        "a[head]",
        "a[head=x]",
        "a[head=1, head=2]",
        "a:sideways",
        "a[i=(1,2), j=(1,2)]",
        "a[i=5:1:-1]",
        "a{b",
        7,
    ],
)
def test_what_cannot_be_read_as_a_site_is_refused_in_one_line(text):
    with pytest.raises(InputError) as error:
        find_sites(TwoLayers(), text) if isinstance(text, str) else Site.parse(text)
    assert "\n" not in str(error.value)


def test_a_site_that_matches_nothing_lists_the_three_nearest_names():
    with pytest.raises(UnknownNameError, match=r"'layer\.1' .*nearest: layers\.1, layers\.0") as error:
        find_sites(TwoLayers(), "layer.1")
    assert len(error.value.nearest) == 3


def test_a_missing_attention_site_names_the_setting_that_mends_it():
    with pytest.raises(UnknownNameError, match="attn_implementation='eager'.*exposed"):
        find_sites(TwoLayers(), "layers.0.pattern")


def test_an_axis_that_is_not_there_and_an_index_beyond_it_are_named():
    net, x = TwoLayers(), torch.zeros(5, 4)
    with Recorder(net, "heads[token=1]"), pytest.raises(UnknownNameError, match="'token'.*head"):
        net(x)
    with Recorder(net, "heads[head=2]"), pytest.raises(InputError, match="head 2 asked for.*has 2"):
        net(x)
    with Recorder(net, "heads[head=2:2]"), pytest.raises(InputError, match="takes none of the 2"):
        net(x)


def test_a_selection_takes_the_same_part_as_plain_indexing():
    tensor = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    axes = ("sample", "head", "query", "key")
    take = lambda text: Site.parse(f"x[{text}]").part(tensor, axes)  # noqa: E731
    assert torch.equal(take("head=1"), tensor[:, 1])
    assert torch.equal(take("head=1, key=-1"), tensor[:, 1, :, -1])
    assert torch.equal(take("sample=0, query=(0, 3)"), tensor[0][:, [0, 3]])
    assert torch.equal(take("head=[2, 0], key=1"), tensor[:, [2, 0], :, 1])
    assert torch.equal(take("head=0, query=1:3, key=(1, 4)"), tensor[:, 0, 1:3][..., [1, 4]])
    assert Site.parse("x[head=0, query=1:3]").left_axes(axes) == ("sample", "query", "key")


def test_a_data_parallel_wrapper_changes_no_name():
    assert find_sites(torch.nn.DataParallel(TwoLayers()), "layers.*") == ("layers.0", "layers.1")


def test_a_compiled_network_is_refused_with_the_mend():
    with pytest.raises(InputError, match="compiled.*_orig_mod"):
        find_sites(torch.compile(TwoLayers()), "layers.*")
    inside = TwoLayers()
    inside.compile()
    with pytest.raises(InputError, match="compiled"):
        find_sites(inside, "layers.*")


def test_what_is_no_network_is_refused():
    with pytest.raises(InputError, match="expected a torch.nn.Module"):
        find_sites([1, 2], "layers.*")
    with pytest.raises(InputError, match="empty list"):
        find_sites(TwoLayers(), [])


def test_the_list_of_sites_shows_axes_and_shapes_and_leaves_the_network_as_it_was():
    net = TwoLayers()
    net.layers[0].eval()
    modes = [module.training for module in net.modules()]
    state = torch.random.get_rng_state()
    listed = sites_of(net, torch.zeros(5, 4))
    assert [row.site for row in listed] == ["layers.0", "layers.1", "heads", "readout"]
    assert listed[2].axes == ("sample", "head", "unit")
    assert listed[2].shape == (5, 2, 2)
    assert "sample 5, head 2, unit 2" in repr(listed)
    assert [module.training for module in net.modules()] == modes
    assert hooks_on(net) == 0
    assert torch.equal(state, torch.random.get_rng_state())


def test_every_listed_site_can_be_recorded():
    net = torch.nn.Sequential(torch.nn.LSTM(4, 3), TakeFirst())
    names = [row.site for row in sites_of(net, torch.zeros(6, 4))]
    assert "0:output.0" in names
    with Recorder(net, names) as recorder:
        net(torch.ones(6, 4))
    assert recorder.array("0:output.0").shape == (1, 6, 3)


class TakeFirst(torch.nn.Module):
    def forward(self, parts):
        return parts[0]


def test_axes_of_a_tap_must_be_names_and_differ():
    assert Tap("unit").axes == ("unit",)
    for wrong in ((), ("a", "a"), ("a b",), (1, 2)):
        with pytest.raises(InputError, match="axes"):
            Tap(wrong)


def test_a_tap_has_no_parameter_and_passes_the_very_same_tensor():
    tap, x = Tap(("sample",)), torch.ones(3)
    assert tap(x) is x
    assert not tap.state_dict()


def test_more_axes_than_a_tap_names_are_refused():
    net = torch.nn.Sequential(Tap(("sample", "unit")))
    with Recorder(net, "0"), pytest.raises(InputError, match="3 axes passed.*names only"):
        net(torch.zeros(2, 3, 4))
