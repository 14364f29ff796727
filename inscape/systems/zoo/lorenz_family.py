"""Lorenz's flow, its bounded, coupled and extended forms, and the quadratic flows modelled on it."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import cosh, exp


def _lorenz(x, y, z, sigma, rho, beta):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@Flow
def Lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=2.667):
    """Convection in a fluid layer heated from below, kept to three modes."""
    return _lorenz(x, y, z, sigma, rho, beta)


@Flow
def LorenzBounded(x, y, z, *, sigma=10.0, rho=28.0, beta=2.667, r=64.0):
    """Lorenz's flow slowed to rest on a sphere of radius r, so that no orbit leaves it."""
    slowing = 1 - (x**2 + y**2 + z**2) / r**2
    return [slowing * speed for speed in _lorenz(x, y, z, sigma, rho, beta)]


@Flow
def LorenzCoupled(x1, y1, z1, x2, y2, z2, *, sigma=10.0, rho=28.0, rho1=35.0, rho2=1.15, beta=2.667, eps=2.85):
    """A chaotic Lorenz flow that pulls a quiescent second one along."""
    driver = _lorenz(x1, y1, z1, sigma, rho1, beta)
    dx2, dy2, dz2 = _lorenz(x2, y2, z2, sigma, rho2, beta)
    return *driver, dx2 + eps * (x1 - x2), dy2, dz2


@Flow
def LorenzStenflo(x, y, z, w, *, a=2.0, b=0.7, c=26.0, d=1.5):
    """Acoustic-gravity waves in a rotating atmosphere: Lorenz's modes and one more for the rotation."""
    return a * (y - x) + d * w, x * (c - z) - y, x * y - b * z, -x - a * w


@Flow
def Chen(x, y, z, *, a=35.0, b=3.0, c=28.0):
    """The dual of Lorenz's flow, found by feeding back its state to provoke chaos."""
    return a * (y - x), (c - a) * x - x * z + c * y, x * y - b * z


@Flow
def LuChen(x, y, z, *, a=36.0, b=3.0, c=18.0):
    """The bridge between Lorenz's flow and Chen's, crossed as c grows."""
    return a * (y - x), -x * z + c * y, x * y - b * z


@Flow
def LuChenCheng(x, y, z, *, a=-10.0, b=-4.0, c=18.1):
    """A quadratic flow with four scrolls, two above and two below."""
    return -(a * b / (a + b)) * x - y * z + c, a * y + x * z, b * z + x * y


@Flow
def RayleighBenard(x, y, z, *, a=30.0, b=5.0, r=18.0):
    """A convection cell with a linearly unstable second mode."""
    return a * (y - x), r * y - x * z, x * y - b * z


@Flow
def Rucklidge(x, y, z, *, a=2.0, b=6.7):
    """Double convection in a narrow fluid layer, with rolls and a shear that tilts them."""
    return -a * x + b * y - y * z, x, y**2 - z


@Flow
def ShimizuMorioka(x, y, z, *, a=0.85, b=0.5):
    """A simplified Lorenz flow for large Rayleigh number."""
    return y, x - a * y - x * z, x**2 - b * z


@Flow
def BurkeShaw(x, y, z, *, e=13.0, n=10.0):
    """A relative of Lorenz's flow that keeps its symmetry about the z axis but folds the other way."""
    return -n * (x + y), y - n * x * z, n * x * y + e


@Flow
def QiChen(x, y, z, *, a=38.0, b=2.666, c=80.0):
    """Lorenz's flow with one more product, whose two wings merge."""
    return a * (y - x) + y * z, c * x + y - x * z, x * y - b * z


@Flow
def YuWang(x, y, z, *, a=10.0, b=40.0, c=2.0, d=2.5):
    """A Lorenz-like flow whose third equation grows as an exponential of a product."""
    return a * (y - x), b * x - c * x * z, exp(x * y) - d * z


@Flow
def YuWang2(x, y, z, *, a=10.0, b=30.0, c=2.0, d=2.5):
    """A Lorenz-like flow whose third equation grows as a hyperbolic cosine of a product."""
    return a * (y - x), b * x - c * x * z, cosh(x * y) - d * z
