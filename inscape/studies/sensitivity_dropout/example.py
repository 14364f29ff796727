from inscape.models.language import fine_tune, small_language_model
from inscape.probes import SensitivityDropout
from inscape.probes.eigenscore import score

people, towns = [f"person{i}" for i in range(12)], [f"town{i}" for i in range(6)]
model = small_language_model(["lives", "in", *people, *towns], layers=3, width=32, longest=16)
told = [f"{person} lives in {towns[i % 6]} <end>" for i, person in enumerate(people[:8])]
fine_tune(model, told, epochs=50, learning_rate=5e-3, batch=8)
found = score(model, [f"{p} lives in" for p in people], samples=10, temperature=1.0, top_k=None, tokens=2)
print(found.eigenscore.round(2), "- the last four were never told")
dropout = SensitivityDropout(drop=0.2, window=3, hold=3, layer=-2, track=told[:4])
print(fine_tune(model, told, epochs=9, learning_rate=1e-3, batch=4, callbacks=[dropout]).losses[-1])
