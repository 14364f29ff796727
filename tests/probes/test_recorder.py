"""Recorders: what is kept, how it is labelled, and within which bounds."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError, UnknownNameError  # noqa: E402
from inscape.probes import Clamp, From, Recorder, Recording  # noqa: E402
from inscape.probes.recorder import PrecisionWarning  # noqa: E402
from inscape.trajectories import Trajectories  # noqa: E402
from tests.probes.small_nets import Attends, TwoLayers, hooks_on  # noqa: E402


@pytest.fixture
def x():
    return torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


def passes_of(net, x, count=3, **options):
    with Recorder(net, ["layers.*", "heads"], **options) as recorder:
        for step in range(count):
            recorder.step = 10 * step
            net((step + 1) * x)
    return recorder


def test_a_recorder_keeps_what_passed_and_stays_after_its_block(x):
    net = TwoLayers()
    recorder = passes_of(net, x)
    expected = np.stack([net.layers[0]((n + 1) * x).detach().numpy() for n in range(3)])
    assert np.array_equal(recorder.array("layers.0"), expected)
    assert recorder.sites == ("layers.0", "layers.1", "heads")
    assert recorder.axes("heads") == ("sample", "head", "unit")
    assert list(recorder.steps("heads")) == [0, 10, 20]
    assert hooks_on(net) == 0


def test_recording_changes_no_result_and_no_gradient(x):
    net, twin = TwoLayers(), TwoLayers()
    with Recorder(net, "**", gradients=True):
        out = net(x)
        out.sum().backward()
    expected = twin(x)
    expected.sum().backward()
    assert torch.equal(out, expected)
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(net.parameters(), twin.parameters(), strict=True))


def test_a_recording_is_a_copy_that_later_layers_cannot_spoil(x):
    net = torch.nn.Sequential(torch.nn.Identity(), torch.nn.ReLU(inplace=True))
    with Recorder(net, "0") as recorder:
        net(x.clone())
    assert np.array_equal(recorder.array()[0], x.numpy())


def test_a_part_alone_is_kept(x):
    net = TwoLayers()
    with Recorder(net, ["heads[head=1]", "heads"]) as recorder:
        net(x)
    assert recorder.axes("heads[head=1]") == ("sample", "unit")
    assert np.array_equal(recorder.array("heads[head=1]"), recorder.array("heads")[:, :, 1])


def test_inputs_are_recorded_however_they_are_given(x):
    net = TakesNamed()
    with Recorder(net, ["inner:input", "inner:input.scale", "inner:output.doubled"]) as recorder:
        net(x)
    assert np.array_equal(recorder.array("inner:input")[0], x.numpy())
    assert np.array_equal(recorder.array("inner:input.scale"), [3.0])
    assert np.array_equal(recorder.array("inner:output.doubled")[0], 2 * x.numpy())


class Inner(torch.nn.Module):
    def forward(self, label, *, stream, scale):
        return {"label": label, "scaled": scale * stream, "doubled": 2 * stream}


class TakesNamed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        return self.inner("name", stream=x, scale=torch.tensor(3.0))["scaled"]


def test_a_named_input_and_one_element_of_an_output_are_clamped(x):
    net = TakesNamed()
    with Clamp(net, "inner:input.scale", 5.0):
        assert torch.equal(net(x), 5 * x)
    with Clamp(net, "inner:output.scaled", lambda part, site: part + 1):
        assert torch.equal(net(x), 3 * x + 1)
    with Clamp(net, "inner:input", 1.0), Recorder(net, "inner:output.doubled") as recorder:
        net(x)
    assert np.all(recorder.array() == 2.0)
    with Recorder(net, "inner:output.tripled"), pytest.raises(InputError, match=r"no element 'tripled'.*doubled"):
        net(x)
    with Recorder(net, "inner:output.label"), pytest.raises(InputError, match="a str passed, expected a tensor"):
        net(x)


def test_gradients_at_a_site_agree_with_finite_differences():
    net = Attends()
    x = torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    with Recorder(net, ["pattern", "values[head=1]"], gradients=True, dtype="float64") as recorder:
        net(x).square().sum().backward()
    pattern = torch.as_tensor(recorder.array("pattern")[0])
    step = 1e-6
    for place in [(0, 0, 1, 2), (1, 1, 3, 0)]:
        moved = [pattern.clone(), pattern.clone()]
        moved[0][place] += step
        moved[1][place] -= step
        losses = []
        for one in moved:
            with Clamp(net, "pattern", one):
                losses.append(net(x).square().sum().item())
        finite = (losses[0] - losses[1]) / (2 * step)
        assert recorder.gradient("pattern")[(0, *place)] == pytest.approx(finite, rel=1e-4)
    assert recorder.gradient("values[head=1]").shape == recorder.array("values[head=1]").shape


def test_gradients_reach_sites_of_a_frozen_network(x):
    net = TwoLayers().requires_grad_(False)
    with Recorder(net, "heads", gradients=True) as recorder:
        out = net(x)
    out.sum().backward()
    assert np.allclose(recorder.gradient()[0], net.readout.weight.sum(0).reshape(2, 2).numpy(), atol=1e-6)
    assert torch.equal(out, net(x))


def test_a_pass_without_a_backward_pass_has_no_gradient_and_two_add_up(x):
    net = TwoLayers()
    with Recorder(net, "heads", gradients=True) as recorder:
        net(x)
        loss = net(x).sum()
        loss.backward(retain_graph=True)
        once = recorder.gradient()[1].copy()
        loss.backward()
    assert np.isnan(recorder.gradient()[0]).all()
    assert np.allclose(recorder.gradient()[1], 2 * once)
    with Recorder(net, "heads") as recorder:
        net(x).sum().backward()
    with pytest.raises(InputError, match="gradients=True"):
        recorder.gradient()


def test_a_checkpointed_layer_is_recorded_once_and_clamped_both_times(x):
    from torch.utils.checkpoint import checkpoint

    class Saving(TwoLayers):
        def forward(self, x):
            return self.readout(checkpoint(self.layers[0], x, use_reentrant=False))

    net = Saving()
    with Clamp(net, "layers.0", lambda part, site: 3 * part), Recorder(net, "layers.0") as recorder:
        net(x).sum().backward()
    assert recorder.array().shape == (1, 5, 4)
    expected = 3 * torch.outer(net.readout.weight.sum(0).detach(), x.sum(0))
    assert torch.allclose(net.layers[0].weight.grad, expected, atol=1e-5)


def test_nan_is_named_by_site_and_step_and_training_goes_no_further(x):
    net = TwoLayers()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    weights = net.readout.weight.detach().clone()
    bad = x.clone()
    bad[2, 1] = float("nan")
    with Recorder(net, "layers.*") as recorder:
        recorder.step = 700
        with pytest.raises(InputError, match=r"layers\.0: 4 NaN of 20 .*\(5, 4\) at step 700"):
            train_once(net, optimiser, bad)
    assert torch.equal(net.readout.weight, weights)
    assert hooks_on(net) == 0
    with Recorder(net, "layers.0") as recorder, pytest.raises(InputError, match="at pass 1"):
        net(x), net(bad)
    with Recorder(net, "layers.0", nan="keep") as recorder:
        net(bad)
    assert np.isnan(recorder.array()).sum() == 4


def train_once(net, optimiser, x):
    net(x).sum().backward()
    optimiser.step()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_infinite_and_huge_numbers_are_no_nan(dtype):
    net = Attends()
    x = torch.ones(2, 4, 6, dtype=torch.float64)
    with Clamp(net, "scores[key=0]", -3e38), Recorder(net, "scores", dtype=dtype) as recorder:
        net(x)
    assert (recorder.array()[..., 0] < -6e4).all()


def test_infinite_scores_are_no_nan():
    net = Attends()
    with Clamp(net, "scores[key=0]", float("-inf")), Recorder(net, "scores") as recorder:
        net(torch.ones(2, 4, 6, dtype=torch.float64))
    assert np.isneginf(recorder.array()[..., 0]).all()


def test_only_every_so_many_passes_and_only_the_newest_are_kept(x):
    net = TwoLayers()
    assert list(passes_of(net, x, 7, every=3).steps("heads")) == [0, 30, 60]
    newest = passes_of(net, x, 7, keep=2)
    assert list(newest.steps("heads")) == [50, 60]
    assert np.array_equal(newest.array("heads"), passes_of(net, x, 7).array("heads")[-2:])


def test_a_schedule_decides_which_steps_are_recorded(x):
    assert list(passes_of(TwoLayers(), x, 4, when=From(20)).steps("heads")) == [20, 30]


def test_half_precision_halves_the_bytes_and_says_when_it_is_too_small(x):
    net = TwoLayers()
    half, single = passes_of(net, x, dtype="float16"), passes_of(net, x)
    assert half.array("heads").nbytes * 2 == single.array("heads").nbytes
    assert np.allclose(half.array("heads"), single.array("heads"), atol=1e-3)
    with (
        Clamp(net, "heads", 1e5),
        Recorder(net, "heads", dtype="float16"),
        pytest.warns(PrecisionWarning, match="heads: 20 of 20 numbers are beyond 65504"),
    ):
        net(x)


def test_integers_keep_their_type():
    net = torch.nn.Sequential(Top())
    with Recorder(net, ["0:output.0", "0:output.1"], dtype="float16") as recorder:
        net(torch.randn(3, 8))
    assert recorder.array("0:output.1").dtype == np.int64
    assert recorder.array("0:output.0").dtype == np.float16


class Top(torch.nn.Module):
    def forward(self, x):
        return tuple(torch.topk(x, 2))


def test_memory_is_bounded_and_the_message_says_how_to_go_on(x):
    net = TwoLayers()
    with Recorder(net, "layers.0", memory=200) as recorder:
        net(x), net(x)
        with pytest.raises(InputError, match="beyond memory=.*store=folder.*float16"):
            net(x)
    with Recorder(net, "layers.0", memory=200, keep=1) as recorder:
        for _ in range(10):
            net(x)
    assert recorder.array().shape == (1, 5, 4)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_what_streams_to_a_folder_reads_back_the_same(x, tmp_path, dtype):
    net = TwoLayers()
    held = passes_of(net, x, dtype=dtype)
    stored = passes_of(net, x, dtype=dtype, store=tmp_path / "run")
    opened = Recording.open(tmp_path / "run")
    for one in (stored, opened):
        assert one.sites == held.sites
        for site in held.sites:
            assert np.array_equal(one.array(site), held.array(site))
            assert isinstance(one.array(site), np.memmap)
            assert one.axes(site) == held.axes(site)
            assert list(one.steps(site)) == [0, 10, 20]
    assert stored._held == 0
    assert opened.trajectories("heads") == held.trajectories("heads")


def test_gradients_and_passes_of_different_lengths_stream_too(tmp_path):
    net = Attends().float()
    with Recorder(net, "pattern", gradients=True, store=tmp_path / "run") as recorder:
        for length in (3, 5):
            net(torch.ones(2, length, 6)).sum().backward()
    opened = Recording.open(tmp_path / "run")
    assert [one.shape for one in opened.passes("pattern")] == [(2, 2, 3, 3), (2, 2, 5, 5)]
    assert opened.sites == recorder.sites == ("pattern",)
    with pytest.raises(InputError, match=r"\(2, 2, 3, 3\) and \(2, 2, 5, 5\) make no array"):
        opened.array("pattern")


def test_a_recording_that_was_cut_short_gives_what_reached_the_disk(x, tmp_path):
    passes_of(TwoLayers(), x, store=tmp_path / "run")
    index = tmp_path / "run" / "index.jsonl"
    index.write_text(index.read_text()[:-20])
    file = next((tmp_path / "run").glob("000-*.bin"))
    file.write_bytes(file.read_bytes()[:-8])
    opened = Recording.open(tmp_path / "run")
    assert opened.array("layers.0").shape[0] == 2
    assert opened.array("heads").shape[0] == 2
    assert json.loads(index.read_text().splitlines()[0])["site"] == "layers.0"


def test_a_folder_that_holds_files_is_not_written_over(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match="holds files already"):
        Recorder(TwoLayers(), "heads", store=tmp_path)
    with pytest.raises(InputError, match="holds files already"):
        Recorder(TwoLayers(), "heads", store=tmp_path / "mine.txt")
    with pytest.raises(InputError, match=r"no index\.jsonl"):
        Recording.open(tmp_path)


def test_trajectories_move_over_steps_and_carry_their_labels(x):
    recorder = passes_of(TwoLayers(), x)
    (run,) = recorder.trajectories("layers.0")
    assert list(run.times) == [0, 10, 20]
    assert run.states.shape == (3, 5, 4)
    assert run.units["time"] == "step"
    with Recorder(TwoLayers(), "layers.0[sample=0]") as one:
        TwoLayers()
        for step in (5, 7):
            one.step = step
            one.model(x)
    assert one.trajectories()[0].state_names == ("unit0", "unit1", "unit2", "unit3")
    assert one.trajectories()[0].context["site"] == "layers.0[sample=0]"


def test_runs_of_a_stacked_network_are_runs_of_trajectories():
    net = Attends(runs=3)
    with Recorder(net, "pattern") as recorder:
        for step in range(2):
            recorder.step = step
            net(torch.randn(3, 5, 4, 6, dtype=torch.float64))
    runs = recorder.trajectories("pattern")
    assert isinstance(runs, Trajectories)
    assert len(runs) == 3
    assert runs[1].states.shape == (2, 5, 2, 4, 4)
    assert [run.context["run"] for run in runs] == [0, 1, 2]


def test_trajectories_move_along_tokens_for_each_pass_and_sample():
    net = Attends()
    x = torch.randn(3, 4, 6, dtype=torch.float64)
    with Recorder(net, "stream") as recorder:
        for step in (100, 200):
            recorder.step = step
            net(x)
    runs = recorder.trajectories(over="token")
    assert len(runs) == 6
    assert np.allclose(runs[4].states, x[1].numpy())
    assert (runs[4].context["step"], runs[4].context["sample"]) == (200, 1)
    assert runs[4].state_names == tuple(f"unit{n}" for n in range(6))


def test_trajectories_move_through_the_layers(x):
    net = TwoLayers()
    recorder = passes_of(net, x, count=2)
    runs = recorder.trajectories("layers.*", over="layer")
    assert len(runs) == 2 * 5
    assert np.allclose(runs[7].states, recorder.layers("layers.*")[:, 1, 2])
    assert (runs[7].context["pass"], runs[7].context["sample"]) == (1, 2)
    with pytest.raises(InputError, match="layers: layers.0 .* and heads"):
        recorder.layers()
    with pytest.raises(UnknownNameError, match="recorded site"):
        recorder.layers("blocks.*")


def test_a_text_generated_in_pieces_is_joined():
    net = Attends()
    with Recorder(net, ["stream", "pattern"]) as recorder:
        for length in (3, 1, 1):
            net(torch.randn(2, length, 6, dtype=torch.float64))
    assert recorder.tokens("stream").shape == (2, 5, 6)
    assert recorder.tokens("pattern").shape == (2, 2, 5, 3)
    assert recorder.trajectories("stream", over="token", join=True).lengths == (5, 5)
    assert recorder.trajectories("stream", over="token").lengths == (3, 3, 1, 1, 1, 1)


def test_half_precision_recordings_make_trajectories(x):
    runs = passes_of(TwoLayers(), x, dtype="float16").trajectories("heads")
    assert runs[0].states.dtype == np.float32


def test_labelled_arrays_carry_axes_and_steps(x):
    labelled = passes_of(TwoLayers(), x).to_xarray("heads")
    assert labelled.dims == ("step", "sample", "head", "unit")
    assert labelled.sel(step=20).shape == (5, 2, 2)


def test_what_was_not_recorded_or_did_not_pass_is_named(x):
    recorder = passes_of(TwoLayers(), x)
    with pytest.raises(UnknownNameError, match=r"recorded site 'layers\.7' .*nearest: layers"):
        recorder.array("layers.7")
    with pytest.raises(InputError, match="None found, but 3 sites"):
        recorder.array()
    with pytest.raises(UnknownNameError, match="'token'"):
        recorder.trajectories("heads", over="token")
    with pytest.raises(InputError, match="no 'token' or 'query'"):
        recorder.tokens("heads")
    empty = Recorder(TwoLayers(), "heads")
    with empty, pytest.raises(InputError, match="nothing passed yet"):
        empty.array("heads")


def test_a_step_that_passed_twice_makes_no_motion_over_steps(x):
    net = TwoLayers()
    with Recorder(net, "heads") as recorder:
        for step in (1, 1, 2):
            recorder.step = step
            net(x)
    with pytest.raises(InputError, match="steps 1, 1, 2 .* do not increase.*over='pass'"):
        recorder.trajectories()
    assert recorder.trajectories(over="pass").lengths == (3,)


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "float8"},
        {"nan": "ignore"},
        {"every": 0},
        {"keep": 1.5},
        {"memory": -1},
        {"store": "folder", "live": True},
        {"store": "folder", "keep": 3},
    ],
)
def test_options_that_make_no_sense_are_refused(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        Recorder(TwoLayers(), "heads", **options)
    assert not list(tmp_path.iterdir())
