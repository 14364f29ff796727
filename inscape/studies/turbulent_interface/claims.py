"""What the paper of study 24 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Coherent structures governing transport at turbulent interfaces",
    year=2025,
    authors="A. R. Khojasteh, L. E. van Dalen, C. Been, J. Westerweel, W. van de Water",
    venue="Physical Review Fluids 10, 064605",
    arxiv="2412.13272",
)

UNREADABLE = "from the abstract; the number behind it was not readable"

CLAIMS = (
    Claim(
        "vorticity_step",
        "C1: four clusters of the scalar find the interface: |vorticity| 0.6 Taylor scales inside over 0.9 outside",
        unit="x",
        setting=UNREADABLE,
        at_least=4.0,
    ),
    Claim(
        "internal_interface",
        "C1: and an internal one: share of the turbulent volume within it",
        unit="%",
        setting=UNREADABLE,
        at_least=30,
        at_most=98,
    ),
    Claim(
        "jump_short",
        "C2: contrast of the forward FTLE across the interface at the shortest time",
        setting=UNREADABLE,
        at_least=0.15,
    ),
    Claim(
        "jump_fall",
        "C2: the same after one integral time, over that at the shortest",
        unit="x",
        setting="structures line up with the interface below the integral time and not beyond, " + UNREADABLE,
        at_most=1 / 3,
    ),
    Claim("flux_jump_short", "C2: contrast of |b| across the interface at the shortest time", setting=UNREADABLE),
    Claim("flux_jump_long", "C2: the same after one integral time", setting=UNREADABLE),
    Claim(
        "flux_memory",
        "C3: correlation of diffusive flux along paths with its start, after 0.4 integral times",
        setting="diffusive structures decorrelate faster, " + UNREADABLE,
        at_most=0.2,
    ),
    Claim("stretching_memory", "C3: the same of the FTLE", setting=UNREADABLE, at_least=0.75),
    Claim(
        "layer_inside",
        "C4: |vorticity| at the internal interface over that one to two Taylor scales further in",
        unit="x",
        setting="a shear layer, " + UNREADABLE,
    ),
    Claim(
        "jump_inside",
        "C4: contrast of the FTLE at the internal interface over that at the outer one",
        unit="x",
        setting="a more pronounced jump, " + UNREADABLE,
    ),
    Claim(
        "superlayer",
        "C5: thickness over which the tangential diffusive flux rises from 20 % to 80 %, in Taylor scales",
        paper=1.0,
        setting="a superlayer about one Taylor scale thick",
        at_least=0.4,
        at_most=2.0,
    ),
    Claim(
        "tangential",
        "C5: tangential over normal diffusive flux at the interface (1.57 for random directions)",
        unit="x",
        setting=UNREADABLE,
        at_least=2.2,
    ),
    Claim(
        "constancy",
        "C5: spread over time of the tangential flux at the interface, in percent of its mean",
        unit="%",
        setting="nearly constant in time, " + UNREADABLE,
    ),
    Claim("layer_inside_larger", "C4: |vorticity| at the internal interface, as above, in a larger jet", unit="x"),
    Claim("jump_inside_larger", "C4: contrast of the FTLE there, as above, in a larger jet", unit="x"),
    Claim("constancy_larger", "C5: spread over time of the tangential flux, as above, in a larger jet", unit="%"),
    Claim("reynolds_larger", "Setting: Reynolds number of the Taylor scale of the larger jet"),
    Claim(
        "backward_gradient",
        "C6: correlation of the past-time FTLE with the scalar's gradient inside the turbulence",
        setting="companion paper: zone edges follow past-time ridges",
        at_least=0.42,
    ),
    Claim("backward_over_forward", "C6: the same over that of the future-time FTLE", unit="x", at_least=3.0),
    Claim("saddle", "Exact: FTLE of a saddle, largest error", at_most=1e-10),
    Claim("shear", "Exact: FTLE of a shear, largest error", at_most=1e-8),
    Claim("rotation", "Exact: FTLE of solid rotation, largest", at_most=1e-9),
    Claim("abc_barrier", "Exact: barrier field of the decaying ABC flow, variational, relative error", at_most=1e-6),
    Claim("abc_barrier_grid", "Exact: the same from a grid of 64^3, relative error", at_most=1e-3),
    Claim("gyre", "Double gyre, T -10: FTLE against 2,000 steps, median error", at_most=1e-5),
    Claim("gyre_numbacs", "Double gyre: numbacs against ours, median difference of FTLE", at_most=5e-4),
    Claim(
        "speed_ftle",
        "Speed: gridded FTLE against numbacs at no worse median error, CPU",
        unit="x",
        at_least=5.0,
        is_timing=True,
    ),
    Claim("budget", "Solver: kinetic energy lost without viscosity, per unit time", unit="%", at_most=0.1),
    Claim("abc_decay", "Solver: decay of the ABC flow, relative error", at_most=1e-6),
    Claim("step", "Solver: CPU time of a step of the jet", unit="s", at_most=1.1, is_timing=True),
    Claim(
        "speed_fluidsim",
        "Solver: our step over one of fluidsim's ns3d: same grid, equations and scheme, CPU",
        unit="x",
        at_most=1.25,
        is_timing=True,
    ),
    Claim(
        "speed_fluidsim_scalar",
        "Solver: our step with a scalar over one of fluidsim's ns3d without, CPU",
        unit="x",
        is_timing=True,
    ),
    Claim(
        "evaluations",
        "Speed: velocity evaluations of particles in space, a core-second",
        unit="million",
        at_least=1.5,
        is_timing=True,
    ),
    Claim("memory", "Memory of the largest part of the run", unit="GiB", at_most=2.0),
    Claim("reynolds", "Setting: Reynolds number of the Taylor scale"),
    Claim("audit", "Beyond: largest change of the FTLE contrast with the rule that finds the interface"),
    Claim("planar_stretching", "Beyond: correlation of a light sheet's FTLE with that in space"),
    Claim("planar_flux", "Beyond: correlation of a light sheet's |b| with that in space"),
)
