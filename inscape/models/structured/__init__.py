"""Networks whose weight matrices are structured: Hankel blocks, butterflies, and what they cost."""

from __future__ import annotations

from inscape.models.structured.dense_net import DenseNet
from inscape.models.structured.hankel_net import HankelNet
from inscape.models.structured.network import Network
from inscape.models.structured.stnn import StNN

__all__ = ["DenseNet", "HankelNet", "Network", "StNN"]
