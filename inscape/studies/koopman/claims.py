"""What the paper says, as numbers. Only abstracts and code were readable: plotted values stay empty."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    title="Limits and Powers of Koopman Learning",
    year=2024,
    authors="M. J. Colbrook, I. Mezic, A. Stepanenko",
    arxiv="2407.06312",
)

UNREADABLE = "the paper's number is plotted only and could not be read"

CLAIMS = (
    Claim(
        "adversary_error",
        "C1: on the disk every estimator can be made wrong by the whole distance (least error of any round)",
        paper=2.0,
        at_least=1.9,
        unit="Hausdorff distance",
        setting="theorem: no algorithm, on any amount of data",
    ),
    Claim("adversary_rounds", "C1: rounds in which all six estimators err by 1.9 or more", unit="%", at_least=100),
    Claim(
        "coin_toss",
        "C1: an adversary that tosses a coin leaves no estimator a better chance than",
        paper=0.5,
        at_most=0.5,
        setting="theorem on randomised algorithms",
    ),
    Claim(
        "torus_wrong",
        "C1: on the torus, rounds in which the existence of an eigenfunction is decided wrongly",
        unit="%",
        at_least=100,
    ),
    Claim("certificate_wrong", "C2: with a declared Lipschitz constant, statements that are wrong", at_most=0),
    Claim("certificate_answers", "C2: and without one, rounds that are answered nevertheless", at_most=0),
    Claim("certificate_useful", "C2: rounds with something proved beyond the eigenvalue 1 within distance 1", unit="%"),
    Claim(
        "certificate_distance",
        "C2: one limit suffices: the proved set reaches the spectrum as pairs are added",
        at_most=0.1,
        unit="Hausdorff distance",
    ),
    Claim(
        "duffing_fall",
        "C3: Duffing without damping: residual of the verified arc falls from N = 100 to the largest N",
        at_least=2.0,
        unit="x",
        setting=UNREADABLE,
    ),
    Claim(
        "duffing_edmd",
        "C3: while EDMD's worst residual stays of order one at every N",
        at_least=0.9,
        setting=UNREADABLE,
    ),
    Claim("duffing_fall_damped", "C3: the same fall with damping 0.3", unit="x", setting=UNREADABLE),
    Claim("duffing_edmd_damped", "C3: the same worst residual of EDMD with damping 0.3", setting=UNREADABLE),
    Claim("duffing_false", "C3: EDMD's eigenvalues with a residual over 0.1", unit="%"),
    Claim(
        "duffing_shuffled",
        "C3, control: on shuffled pairs nothing on the arc is verified",
        at_least=0.9,
        unit="least residual",
    ),
    Claim("doubling_exact", "Doubling map: least residuals equal the closed form, off by", at_most=1e-10),
    Claim("doubling_false", "Doubling map: every false zero of EDMD has residual", at_least=1 - 1e-9),
    Claim(
        "delays_split",
        "C4: Lorenz and Rossler: EDMD's worst residual over the verified set's, smallest of all dictionaries",
        at_least=2.0,
        unit="x",
        setting=UNREADABLE,
    ),
    Claim(
        "delays_shuffled",
        "C4, control: on shuffled pairs the least residual of the verified set",
        at_least=0.5,
    ),
    Claim("energy_known", "C5: point-spectrum share of known mixtures, largest miss", at_most=0.05),
    Claim("energy_shuffled", "C5, control: share of tones whose samples are shuffled", at_most=0.05),
    Claim(
        "energy_drop",
        "C5: share of energy in eigenfunctions drops as motion turns chaotic",
        at_least=0.5,
        setting="cavity flow, Reynolds 13,000 to 30,000; " + UNREADABLE,
    ),
    Claim("rate_1", "Cat map: rate of the rigged density, order 1", at_least=0.85),
    Claim("rate_2", "Cat map: order 2", at_least=1.85),
    Claim("rate_4", "Cat map: order 4", at_least=3.85),
    Claim("rate_6", "Cat map: order 6", at_least=5.85),
    Claim("automatic", "Cat map: sup error with width and order chosen automatically", at_most=1e-9),
    Claim(
        "own_bound",
        "Doubling and tent maps: error over the error that the measure itself states",
        at_most=1.0,
        unit="x",
    ),
    Claim("pendulum_routes", "Pendulum: two routes to the density differ by this share of the energy"),
    Claim(
        "speed_plane",
        "Pseudospectrum at N = 400, 2,272 points: faster than one Hermitian eigen-solve a point",
        at_least=8.0,
        unit="x",
        is_timing=True,
    ),
    Claim(
        "speed_fit",
        "Fit with all residuals over PyDMD's EDMD fit alone, 400 snapshots",
        at_most=1.5,
        unit="x",
        is_timing=True,
    ),
    Claim("coverage", "95 % bands of residuals hold the value for infinite data", at_least=90, at_most=99, unit="%"),
    Claim(
        "ocean_climatology",
        "C6, stand-in: El Nino forecasts through verified modes, error over climatology's",
        at_most=1.0,
        setting="sea ice, forecasts of 36 months; " + UNREADABLE,
    ),
    Claim("ocean_persistence", "C6, stand-in: the same over persistence", at_most=1.0),
    Claim("ocean_dmd", "C6, stand-in: the same over DMD on delays", at_most=1.0),
    Claim("ocean_all_modes", "C6, control: the same over the law without pruning by residual"),
    Claim("sea_ice_climatology", "C6: Arctic sea ice, error over climatology's", at_most=1.0, setting=UNREADABLE),
    Claim("sea_ice_dmd", "C6: Arctic sea ice, error over DMD's", at_most=1.0, setting=UNREADABLE),
)
