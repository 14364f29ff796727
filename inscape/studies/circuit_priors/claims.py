"""What the paper of study 05 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Neural Circuit Architectural Priors for Embodied Control",
    year=2022,
    authors="N. X. Bhattasali, A. M. Zador, T. A. Engel",
    venue="NeurIPS",
    arxiv="2201.05242",
)

UNREADABLE = "the paper says so; its plotted number was not readable"

CLAIMS = (
    Claim("birth", "C1: return of the untrained circuit on 6 links", setting=UNREADABLE, at_least=785),
    Claim("birth_oracle", "C1: the same on the same starts in dm_control, largest difference", unit="%", at_most=1),
    Claim("birth_mlp", "C1: an untrained network of 64-64 does not swim: the best of its draws", at_most=200),
    Claim("birth_random", "C1: return of uniform random torques"),
    Claim("sign", "C6: the designed sign pattern over the best of the other 15", unit="x", at_least=5),
    Claim("sign_free", "C6: weights of any sign, U(-1, 1), mean return over draws"),
    Claim("magnitude", "C6: right signs, magnitudes U(0, 1), mean return over draws: constant ones help at birth"),
    Claim("no_proprioception", "Ablation: return without the copied bends", at_most=400),
    Claim("no_contralateral", "Ablation: return without inhibition across, of the whole", unit="x"),
    Claim("parameters", "C4: parameters of the network's actor over those of the circuit", unit="x", at_least=1000),
    Claim("seeds_to_900", "C3: CMA-ES reaches 900 within 60 episodes: seeds of five", unit="of 5", at_least=4),
    Claim("steps_at_750", "C3: steps that the circuit needs to 750", unit="steps", at_most=0),
    Claim("data_700", "C3: steps of PPO with a network over those of CMA-ES to 700", unit="x"),
    Claim("data_800", "C3: the same to 800", unit="x"),
    Claim("data_900", "C3: the same to 900", unit="x", at_least=1.5),
    Claim("final", "C2: the best circuit over the best network", unit="x", at_least=0.95),
    Claim("final_four", "C2: the four-weight circuit over the best network", unit="x"),
    Claim("final_unshared", "C2: the 30-weight circuit with a free period, mean return", unit=""),
    Claim("final_network", "C2: the network, mean return"),
    Claim("ppo_circuit", "C2: the four-weight circuit trained by PPO over the same untrained", unit="x", at_least=1.0),
    Claim("es_circuit", "C2: the circuit trained by the published evolution strategy", unit=""),
    Claim("es_no_decay", "C2: the same without the weight decay that pulls towards no gait", unit=""),
    Claim("transfer", "C5: weights of 6 links on 8, 10, 12 and 14, the worst return", at_least=930),
    Claim("transfer_birth", "C5: the untrained circuit there, the worst"),
    Claim("thicker", "C5: weights of 6 links in a medium twice as dense, of the return at home", unit="x"),
    Claim("walker_parameters", "C7: parameters, network over circuit", paper=862.7, unit="x", at_least=100),
    Claim("walker_birth", "C7: the walker's circuit at birth, return of 500", setting=UNREADABLE),
    Claim("walker_final", "C7: circuit over network after training on flat ground", unit="x", setting=UNREADABLE),
    Claim("walker_rough", "C7: circuit over network on rough ground, unseen", unit="x", setting=UNREADABLE),
    Claim("constraint", "No weight has the wrong sign in effect after 1,000 steps: count of violations", at_most=0),
    Claim("gradients", "And no gradient is NaN: count", at_most=0),
    Claim("period", "Beyond: period that CMA-ES finds for 6 links when it may choose", unit="steps"),
    Claim("formula", "Beyond: the trained circuit as a formula in Python", unit="bytes", at_most=1024),
    Claim(
        "speed", "Speed: closed-loop steps a second over dm_control, one core", unit="x", at_least=1.5, is_timing=True
    ),
)
