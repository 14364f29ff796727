"""An orbit that decays and turns: Bernabo et al. 2025 on WASP-43 b, rerun on public event times."""

from inscape.studies.orbital_decay.study import STUDY

__all__ = ["STUDY"]
