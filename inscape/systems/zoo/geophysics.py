"""Atmosphere, ocean, dynamo and solar wind: the earth in a few modes."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import Max, Min, exp, sqrt


def _westerlies(x, y, z, a, b, f, g):
    return -(y**2) - z**2 - a * x + a * f, x * y - b * x * z - y + g, b * x * y + x * z - z


@Flow
def Hadley(x, y, z, *, a=0.2, b=4.0, f=9.0, g=1.0):
    """A westerly current and two phases of the waves that feed on it."""
    return _westerlies(x, y, z, a, b, f, g)


@Flow
def Lorenz84(x, y, z, *, a=1.32, b=7.91, f=4.83, g=4.194):
    """Lorenz's 1984 general circulation: the westerlies with stronger heating contrasts."""
    return _westerlies(x, y, z, a, b, f, g)


@Flow
def Lorenz96(x1, x2, x3, x4, *, f=20.0):
    """A weather quantity on four places round a latitude circle: advection, damping and a constant force."""
    x = (x1, x2, x3, x4)
    return [(x[(i + 1) % 4] - x[i - 2]) * x[i - 1] - x[i] + f for i in range(4)]


@Flow
def VallisElNino(x, y, z, *, b=102.0, c=3.0, p=0.0):
    """A current in the equatorial ocean and the water temperatures at its two ends."""
    return b * y - c * (x + p), -y + x * z, -z - x * y + 1


@Flow
def AtmosphericRegime(x, y, z, *, alpha=-2.0, beta=-5.0, mu1=0.05, mu2=-0.01, omega=3.0, sigma=1.1):
    """A slow and a fast oscillator coupled without loss of energy, which switch between regimes."""
    return (
        mu1 * x + sigma * x * y,
        mu2 * y + omega * z + alpha * y * z + beta * z**2 - sigma * x**2,
        mu2 * z - omega * y - alpha * y**2 - beta * y * z,
    )


@Flow
def RikitakeDynamo(x, y, z, *, a=1.0, mu=1.0):
    """Two coupled disk dynamos, whose current reverses as the earth's field does."""
    return -mu * x + y * z, -mu * y - a * x + x * z, 1 - x * y


@Flow
def WindmiReduced(i, v, p, *, a1=0.247, b1=10.8, b2=0.0752, b3=1.06, d1=2200.0, vsw=5.0):
    """Energy of the solar wind stored in the magnetosphere and unloaded when a current passes its threshold."""
    # (1 + tanh u) / 2 is so steep here that its Taylor series, where u is beyond 20, does not see it coming: a step
    # runs over it. Held at its ends, which moves it by under 1e-17, it is a kink that the integrator stops at.
    steepness = Max(-40, Min(40, 2 * d1 * (i - 1)))
    unloading = 1 / (1 + exp(-steepness))
    return a1 * (vsw - v), b1 * i - b2 * p / 2 - b3 * v, vsw**2 - p ** (5 / 4) * sqrt(vsw) * unloading
