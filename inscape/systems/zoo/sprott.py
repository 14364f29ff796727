"""Sprott's algebraically simple flows: the nineteen of 1994, and later finds of the same hunt."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import exp, sign


@Flow
def SprottA(x, y, z):
    """Case A of the 1994 search: a conservative oscillator with a thermostat, regular or chaotic by its start."""
    return y, -x + y * z, 1 - y**2


@Flow
def SprottB(x, y, z):
    """Case B of the 1994 search: five terms, two of them products."""
    return y * z, x - y, 1 - x * y


@Flow
def SprottC(x, y, z):
    """Case C of the 1994 search: five terms, a product and a square."""
    return y * z, x - y, 1 - x**2


@Flow
def SprottD(x, y, z):
    """Case D of the 1994 search: six terms, a product and a square in one equation."""
    return -y, x + z, x * z + 3 * y**2


@Flow
def SprottE(x, y, z):
    """Case E of the 1994 search: a product feeds a damped square."""
    return y * z, x**2 - y, 1 - 4 * x


@Flow
def SprottF(x, y, z, *, a=0.5):
    """Case F of the 1994 search: a growing planar oscillator, folded by one square."""
    return y + z, -x + a * y, x**2 - z


@Flow
def SprottG(x, y, z, *, a=0.4):
    """Case G of the 1994 search: a growing linear loop, folded by one product."""
    return a * x + z, x * z - y, -x + y


@Flow
def SprottH(x, y, z, *, a=0.5):
    """Case H of the 1994 search: a growing planar oscillator, folded by the square of its filtered state."""
    return -y + z**2, x + a * y, x - z


@Flow
def SprottI(x, y, z, *, a=0.2):
    """Case I of the 1994 search: a weak coupling and one square."""
    return -a * y, x + z, x + y**2 - z


@Flow
def SprottJ(x, y, z):
    """Case J of the 1994 search: a linear loop, folded by one square."""
    return 2 * z, -2 * y + z, -x + y + y**2


@Flow
def SprottK(x, y, z, *, a=0.3):
    """Case K of the 1994 search: one product in an otherwise linear loop."""
    return x * y - z, x - y, x + a * z


@Flow
def SprottL(x, y, z, *, a=0.9, b=3.9):
    """Case L of the 1994 search: one square in a forced linear loop."""
    return y + b * z, a * x**2 - y, 1 - x


@Flow
def SprottM(x, y, z, *, a=1.7):
    """Case M of the 1994 search: a damped square drives a linear loop."""
    return -z, -(x**2) - y, a + a * x + y


@Flow
def SprottN(x, y, z):
    """Case N of the 1994 search: one square in a forced linear loop."""
    return -2 * y, x + z**2, 1 + y - 2 * z


@Flow
def SprottO(x, y, z, *, a=2.7):
    """Case O of the 1994 search: one product and no constant term."""
    return y, x - z, x + x * z + a * y


@Flow
def SprottP(x, y, z, *, a=2.7):
    """Case P of the 1994 search: one square in an undamped linear loop."""
    return a * y + z, -x + y**2, x + y


@Flow
def SprottQ(x, y, z, *, a=3.1, b=0.5):
    """Case Q of the 1994 search: a growing linear loop, folded by one square."""
    return -z, x - y, a * x + y**2 + b * z


@Flow
def SprottR(x, y, z, *, a=0.9, b=0.4):
    """Case R of the 1994 search: two constants and one product."""
    return a - y, b + z, x * y - z


@Flow
def SprottS(x, y, z):
    """Case S of the 1994 search: a damped spiral, driven by one square."""
    return -x - 4 * y, x + z**2, 1 + x


@Flow
def SprottJerk(x, y, z, *, mu=2.017):
    """The simplest dissipative quadratic flow with chaos: a third-order equation of three terms."""
    return y, z, -mu * z + y**2 - x


@Flow
def SprottMore(x, y, z):
    """An oscillator whose damping flips sign with a slow variable; its attractor nearly fills space."""
    return y, -x - y * sign(z), y**2 - exp(-(x**2))


@Flow
def SprottTorus(x, y, z):
    """A quadratic flow where a conservative torus and a strange attractor live side by side."""
    return y + 2 * x * y + x * z, 1 - 2 * x**2 + y * z, x - x**2 - y**2


@Flow
def Halvorsen(x, y, z, *, a=1.4, b=4.0):
    """A cyclically symmetric quadratic flow: each variable drives the next in the same way."""
    return -a * x - b * y - b * z - y**2, -a * y - b * z - b * x - z**2, -a * z - b * x - b * y - x**2
