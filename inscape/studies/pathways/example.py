from inscape.models.mixture_of_experts import MixtureOfExperts
from inscape.probes import routing
from inscape.systems.modular_arithmetic import modular_arithmetic

tables = modular_arithmetic({"add": 0.8, "subtract": 0.65}, modulus=11)
asked = tables.questions()
network = MixtureOfExperts(tables.vocabulary, layers=3, experts=8, chosen=2)  # or OLMoE, Mixtral, Qwen-MoE
log = routing.record(network, asked.tokens)  # float16 (sample, layer, expert)
distance = routing.distance(log, unit="expert", normalised=True)
print(routing.pathways(log)[:2])  # experts by falling weight
print(f"{distance.mean:.3f} +- {distance.standard_error:.3f}")
