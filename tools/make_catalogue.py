"""Write the zoo's catalogue from the research data and our definitions.

Run as `INSCAPE_DATA=<folder of the data> python tools/make_catalogue.py`. The research data give period, starting
state, source and published invariants; our own definitions give the rest: states, parameters, description, polynomial
degree and kinks. Also writes the table of right-hand-side checks that the tests run on.
"""

from __future__ import annotations

import json
import os
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from inscape.systems.symbolic import SymbolicSystem

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "inscape" / "systems" / "zoo" / "catalogue.json"
CHECKS = ROOT / "inscape" / "studies" / "chaos_zoo" / "rhs_checks.json"
NOTES = json.loads((ROOT / "tools" / "zoo_notes.json").read_text(encoding="utf-8"))
KINDS = {"ode": "flow", "dde": "delay", "map": "map"}
KINKED = (sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Max, sympy.Min, sympy.Mod, sympy.floor, sympy.Piecewise)
NO_LAWS = {"cards", "collection", "variants"}

FIELDS_OF_MODULE = {
    "biochemistry": ["biology", "chemistry"],
    "chemistry": ["chemistry"],
    "circuits": ["circuits", "physics"],
    "delays": ["delay"],
    "ecology": ["ecology", "biology"],
    "economics": ["economics"],
    "fluids": ["fluid", "physics"],
    "geophysics": ["geophysics", "physics"],
    "hyperchaos": ["mathematics"],
    "lorenz_family": ["mathematics"],
    "maps": ["mathematics"],
    "mechanics": ["mechanics", "physics"],
    "neurons": ["neuroscience", "biology"],
    "oscillators": ["mathematics"],
    "scrolls": ["mathematics"],
    "sprott": ["mathematics"],
}
MORE_FIELDS = {
    "ArnoldWeb": ["mathematics"],
    "CellularNeuralNetwork": ["neuroscience"],
    "FluidTrampoline": ["fluid"],
    "GenesioTesi": ["control"],
    "HenonHeiles": ["astronomy"],
    "IkedaDelay": ["optics", "physics"],
    "IkedaMap": ["optics", "physics"],
    "Laser": ["optics", "physics"],
    "Logistic": ["ecology"],
    "Lorenz": ["geophysics", "fluid", "physics"],
    "LorenzStenflo": ["geophysics", "physics"],
    "MackeyGlass": ["medicine", "biology"],
    "MaynardSmith": ["ecology"],
    "MooreSpiegel": ["astronomy", "fluid", "physics"],
    "PiecewiseCircuit": ["circuits", "physics"],
    "RabinovichFabrikant": ["physics"],
    "RayleighBenard": ["fluid", "physics"],
    "Ricker": ["ecology"],
    "Rucklidge": ["fluid", "physics"],
    "ScrollDelay": ["circuits", "physics"],
    "SprottDelay": ["mathematics"],
    "VossDelay": ["circuits", "physics"],
    "ItikBanksTumor": ["medicine"],
    "DuffingMap": ["mechanics"],
    "Chirikov": ["mechanics", "physics"],
    "Zaslavskii": ["mechanics", "physics"],
    "GumowskiMira": ["physics"],
}
CITATIONS = {
    "Baker": "Arnold, V. I. and Avez, A. (1968). Ergodic Problems of Classical Mechanics. Benjamin.",
    "Chebyshev": "Adler, R. L. and Rivlin, T. J. (1964). Ergodic and mixing properties of Chebyshev polynomials. "
    "Proc. Amer. Math. Soc. 15, 794-796.",
    "Circle": "Arnold, V. I. (1965). Small denominators I: mapping the circle onto itself. AMS Transl. 46, 213-284.",
    "DeJong": "Dewdney, A. K. (1987). Computer Recreations: probing the strange attractions of chaos. "
    "Scientific American 257 (1), 108-111.",
    "DuffingMap": "Holmes, P. (1979). A nonlinear oscillator with a strange attractor. "
    "Phil. Trans. R. Soc. A 292, 419-448.",
    "Gauss": "Hilborn, R. C. (2000). Chaos and Nonlinear Dynamics. Oxford University Press.",
    "Gingerbreadman": "Devaney, R. L. (1984). A piecewise linear model for the zones of instability of an area-"
    "preserving map. Physica D 10, 387-393.",
    "Henon": "Henon, M. (1976). A two-dimensional mapping with a strange attractor. Commun. Math. Phys. 50, 69-77.",
    "IkedaMap": "Ikeda, K. (1979). Multiple-valued stationary state and its instability of the transmitted light by a "
    "ring cavity system. Opt. Commun. 30, 257-261.",
    "MaynardSmith": "Maynard Smith, J. (1968). Mathematical Ideas in Biology. Cambridge University Press.",
    "Pickover": "Pickover, C. A. (1990). Computers, Pattern, Chaos and Beauty. St. Martin's Press.",
    "Ricker": "Ricker, W. E. (1954). Stock and recruitment. J. Fish. Res. Board Can. 11, 559-623.",
    "Tent": "Ott, E. (2002). Chaos in Dynamical Systems, 2nd edition. Cambridge University Press.",
    "Tinkerbell": "Nusse, H. E. and Yorke, J. A. (1997). Dynamics: Numerical Explorations. Springer.",
}
PUBLISHED = {
    "lyapunov_spectrum_estimated": "exponents",
    "maximum_lyapunov_estimated": "largest_exponent",
    "kaplan_yorke_dimension": "kaplan_yorke",
    "correlation_dimension": "correlation_dimension",
    "multiscale_entropy": "multiscale_entropy",
    "pesin_entropy": "pesin_entropy",
}


def definitions() -> dict[str, tuple[str, SymbolicSystem]]:
    """Every definition by its name, with the module it stands in."""
    found = {}
    for module in pkgutil.iter_modules([str(CATALOGUE.parent)]):
        if module.name in NO_LAWS:
            continue
        for name, system in vars(import_module(f"inscape.systems.zoo.{module.name}")).items():
            if isinstance(system, SymbolicSystem):
                found[name] = (module.name, system)
    return found


def polynomial_degree(system: SymbolicSystem) -> int | None:
    """Total degree of the right-hand side in the states; None where it is no polynomial."""
    states = system.definition.states
    degrees = []
    for side in system.definition.expressions:
        if not side.is_polynomial(*states):
            return None
        degrees.append(sympy.Poly(side, *states).total_degree())
    return int(max(degrees))


def kinks(system: SymbolicSystem) -> list[str]:
    """Names of the functions in the law that have a kink or a jump."""
    return sorted({f.func.__name__ for side in system.definition.expressions for f in side.atoms(*KINKED)})


def entry(record: dict[str, Any], module: str, system: SymbolicSystem) -> dict[str, Any]:
    """One system's line of the catalogue."""
    name, is_map = record["name"], record["kind"] == "map"
    dimension = system.dimension
    rates = system.definition.expressions
    return {
        "kind": KINDS[record["kind"]],
        "module": module,
        "state_names": list(system.state_names),
        "parameters": dict(system.parameters),
        "initial": record["initial_conditions"][:dimension],
        "period": 1.0 if is_map else record["period"],
        "description": system.description,
        "citation": (record["citation"] or CITATIONS[name]).strip(),
        "fields": FIELDS_OF_MODULE[module] + MORE_FIELDS.get(name, []),
        "polynomial_degree": polynomial_degree(system),
        "nonsmooth": kinks(system),
        "phase": system.state_names[-1] if not is_map and _is_constant(rates[-1], system) else None,
        "unbounded": [system.state_names[i] for i in record.get("unbounded_coordinates") or ()],
        "bounded_view": [view.strip() for view in (record.get("bounded_view") or "").split(",") if view],
        "published": {PUBLISHED[k]: v for k, v in (record.get("published") or {}).items() if v is not None},
        "notes": NOTES.get(name, ""),
    }


def _is_constant(rate: sympy.Expr, system: SymbolicSystem) -> bool:
    return rate.free_symbols <= set(system.definition.parameter_symbols)


def checks(record: dict[str, Any], dimension: int) -> list[dict[str, Any]]:
    """Points with the right-hand side that the published system has there."""
    found = record["rhs_checks"]
    assert all(np.size(point["x"]) == dimension for point in found), record["name"]
    return found


def main() -> None:
    """Write both files."""
    path = Path(os.environ["INSCAPE_DATA"]) / "22-chaos-zoo" / "systems.json"
    records = {record["name"]: record for record in json.loads(path.read_text())}
    ours = definitions()
    missing = sorted(set(records) - set(ours))
    if missing:
        print(f"{len(missing)} systems without a definition: {', '.join(missing)}")
    known = [name for name in records if name in ours]
    catalogue = {name: entry(records[name], *ours[name]) for name in known}
    CATALOGUE.write_text(_lines(catalogue))
    CHECKS.parent.mkdir(exist_ok=True)
    CHECKS.write_text(_lines({name: checks(records[name], ours[name][1].dimension) for name in known}))
    print(f"{len(catalogue)} systems written to {CATALOGUE.relative_to(ROOT)}")


def _lines(table: dict[str, Any]) -> str:
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in table.items())
    return f"{{\n{rows}\n}}\n"


if __name__ == "__main__":
    main()
