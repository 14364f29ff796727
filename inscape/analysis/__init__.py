"""Measurements on systems and trajectories: exponents, dimensions, entropies, sections, spectra, forecast scores."""

from inscape.analysis.dimensions import Dimension, kaplan_yorke_dimension

__all__ = ["Dimension", "kaplan_yorke_dimension"]
