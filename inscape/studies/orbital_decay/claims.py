"""Study 03: what is claimed of WASP-43 b, and what its rerun must reach."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Characterizing WASP-43b's interior structure: unveiling tidal decay and apsidal motion",
    2025,
    authors="Bernabo, Csizmadia, Smith, Harre, Kalman, Cabrera, Rauer, Gandolfi, Pino, Ehrenreich, Hatzes",
    arxiv="2501.03685",
    venue="A&A 694, A233",
)
PAPER_DECAY, PAPER_DECAY_ERROR, PAPER_RATE = -1.99, 0.50, 0.1727
OWN_DATA = "transits, occultations and velocities; only abstract and tables' descriptions could be read"

CLAIMS = (
    Claim(
        "decay", "C1: WASP-43 b's period shrinks; decay and precession fitted together", PAPER_DECAY, "ms/yr", OWN_DATA
    ),
    Claim("precession", "C2: its pericentre turns", PAPER_RATE, "deg/d", OWN_DATA),
    Claim("both_decay", "C3: gain of BIC by decay in a model with precession", unit="", at_least=0),
    Claim("both_precession", "C3: gain of BIC by precession in a model with decay", at_least=0),
    Claim("love_number", "C4: k2 that tides would need for that rate; 1.5 is the most a planet can have", at_least=1.5),
    Claim(
        "companion",
        "C5: mass above which a companion of up to 3,700 d would show, on a made-up set of 60 velocities of 3 m/s",
        paper=0.3,
        unit="Jupiter masses",
        setting="the paper's own velocities",
    ),
    Claim(
        "quality", "C1, C6: quality factor of the star at the paper's rate", paper=None, at_least=6.1e5, at_most=6.5e5
    ),
    Claim("dissent", "C6: share of defensible choices under which WASP-43 b decays (gain of BIC 6 or more)", unit="%"),
    Claim("dissent_span", "C6: widest gap of dP/dt between two choices", unit="ms/yr"),
    Claim("wasp12_settled", "C6, control: share of choices under which WASP-12 b decays", unit="%", at_least=100),
    Claim("wasp12_decay", "Bar 1: dP/dt of WASP-12 b, 158 rows", -29.0, "ms/yr", "Yee et al. 2020", -29.37, -28.77),
    Claim(
        "wasp12_evidence",
        "Bar 1: ln Z of decay less that of a constant period, the priors of orbdot's example",
        100.2,
        setting="orbdot with nestle, 1,000 live points: 100.4 +- 0.2",
        at_least=99.7,
        at_most=100.7,
    ),
    Claim(
        "speed_evidence",
        "Bar 2: CPU of nested sampling for constant and decay evidence over that of the closed form",
        unit="x",
        setting="6,000 against orbdot with nestle",
        at_least=1000,
        is_timing=True,
    ),
    Claim(
        "speed_precession",
        "Bar 2: the same for the evidence of precession",
        unit="x",
        at_least=50,
        is_timing=True,
    ),
    Claim(
        "precession_evidence",
        "Bar 2: ln Z of precession less that of decay on WASP-12 b, the published formula",
        -11.5,
        setting="orbdot with nestle, two runs: -115.99 and -115.88, less -104.41",
        at_least=-11.8,
        at_most=-11.2,
    ),
    Claim("precession_nested", "Bar 2: the same by a nested sampler on the same likelihood"),
    Claim(
        "wasp43_clipped",
        "Bar 3: dP/dt of WASP-43 b, clipped at three scatters, with jitter",
        PAPER_DECAY,
        "ms/yr",
        OWN_DATA,
        -1.58,
        -1.48,
    ),
    Claim("wasp43_error", "Bar 3: its error", 0.50, "ms/yr", OWN_DATA, 0.45, 0.52),
    Claim("wasp43_sigmas", "Bar 3: its distance from the paper's, in both errors", at_most=1),
    Claim("wasp43_all", "Bar 3: the same with no row clipped", unit="ms/yr", setting="-0.55 expected"),
    Claim(
        "scan_rate",
        "Bar 4: highest peak of the periodogram, no row clipped",
        PAPER_RATE,
        "deg/d",
        OWN_DATA,
        0.165,
        0.190,
    ),
    Claim("scan_alarm", "Bar 4: its false-alarm probability", unit="%", at_most=1),
    Claim("scan_distance", "Bar 4: its distance from the paper's rate", unit="deg/d", at_most=0.01),
    Claim("scan_raw", "Bar 4: highest peak in 0.02 to 1 deg/d if the stated errors are believed", unit="deg/d"),
    Claim("cover_decay", "Bar 5: injected decays that 68 % intervals hold", unit="%", at_least=60, at_most=76),
    Claim("cover_rate", "Bar 5: injected rates that 68 % intervals hold", unit="%", at_least=60, at_most=76),
    Claim("null_even", "Bar 5: p of Kolmogorov and Smirnov that false alarms of nulls are even", at_least=0.01),
    Claim("exact_times", "Bar 6: event times off an integrated orbit, e to 0.3, any pericentre", unit="ms", at_most=1),
    Claim("exact_velocity", "Bar 6: velocities off Kepler's equation in extended precision", unit="m/s", at_most=1e-6),
    Claim(
        "wasp4_acceleration", "Bar 7: acceleration of WASP-4", -0.0422, "m/s/d", "Bouma et al. 2020", -0.0452, -0.0392
    ),
    Claim("wasp4_doppler", "Bar 7: change of the period that it feigns", -5.9, "ms/yr", "", -6.3, -5.5),
    Claim("wasp4_timing", "Bar 7: change of WASP-4 b's period, raw errors", -8.6, "ms/yr", "", -9.9, -7.3),
    Claim("wasp4_share", "Bar 7: share that acceleration explains", 67, "%", "about two thirds", 55, 80),
    Claim(
        "formula_half", "Beyond: what the published formula of precession adds to WASP-12 b's occultations", unit="s"
    ),
    Claim("doomed", "Beyond: planets of the list of 382 whose period changes by a BIC of 10 or more"),
    Claim("doomed_seconds", "Beyond: time that the whole list takes, one core", unit="s", is_timing=True),
)
