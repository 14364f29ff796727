"""Compiled kernels over the waves of a fluid: each passes once over arrays that formulas would pass many times.

They compute what the array formulas of `march` say, which torch evaluates.
"""

from __future__ import annotations

import numba
import numpy as np

_FAST = {"contract"}


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def tendency(
    products: np.ndarray,
    kx: np.ndarray,
    ky: np.ndarray,
    kz: np.ndarray,
    inverse_squared: np.ndarray,
    out: np.ndarray,
) -> None:
    """-div(u u) without its divergence, and -div(u c), from the products uu - ww, vv - ww, uv, uw, vw (, uc, vc, wc).

    products, out : (field, x, y, z); waves as (x,), (y,), (z,).
    """
    for a in range(kx.shape[0]):
        for b in range(ky.shape[0]):
            x, y = kx[a], ky[b]
            for c in range(kz.shape[0]):
                z = kz[c]
                xy, xz, yz = products[2, a, b, c], products[3, a, b, c], products[4, a, b, c]
                p = x * products[0, a, b, c] + y * xy + z * xz
                q = x * xy + y * products[1, a, b, c] + z * yz
                r = x * xz + y * yz
                pressure = (x * p + y * q + z * r) * inverse_squared[a, b, c]
                p -= x * pressure
                q -= y * pressure
                r -= z * pressure
                # Minus i times (p, q, r).
                out[0, a, b, c] = complex(p.imag, -p.real)
                out[1, a, b, c] = complex(q.imag, -q.real)
                out[2, a, b, c] = complex(r.imag, -r.real)
                if out.shape[0] > 3:
                    s = x * products[5, a, b, c] + y * products[6, a, b, c] + z * products[7, a, b, c]
                    out[3, a, b, c] = complex(s.imag, -s.real)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def low_storage_stage(
    state: np.ndarray,
    register: np.ndarray,
    change: np.ndarray,
    decay: np.ndarray,
    keep: float,
    step: float,
    take: float,
) -> None:
    """register = keep register + step change; state += take register; then both decay. Arrays (field, wave), in place.

    decay : (field, wave), or (1, wave) for all fields.
    """
    for f in range(state.shape[0]):
        g = f if decay.shape[0] > 1 else 0
        for m in range(state.shape[1]):
            moved = keep * register[f, m] + step * change[f, m]
            state[f, m] = (state[f, m] + take * moved) * decay[g, m]
            register[f, m] = moved * decay[g, m]


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def classical_stage(
    state: np.ndarray,
    total: np.ndarray,
    probe: np.ndarray,
    change: np.ndarray,
    decay: np.ndarray,
    ahead: float,
    share: float,
) -> None:
    """probe = state + ahead change; total += share change; then all three decay. Arrays (field, wave), in place."""
    for f in range(state.shape[0]):
        g = f if decay.shape[0] > 1 else 0
        for m in range(state.shape[1]):
            damped = decay[g, m]
            probe[f, m] = (state[f, m] + ahead * change[f, m]) * damped
            total[f, m] = (total[f, m] + share * change[f, m]) * damped
            state[f, m] *= damped
