"""Structures at turbulent interfaces: Khojasteh, van Dalen, Been, Westerweel and van de Water 2025, rerun."""

from inscape.studies.turbulent_interface.study import STUDY

__all__ = ["STUDY"]
