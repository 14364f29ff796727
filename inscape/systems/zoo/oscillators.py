"""Abstract oscillators: spirals, labyrinths and tori that model no particular substance."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import cos, sin, t


@Flow
def Rossler(x, y, z, *, a=0.2, b=0.2, c=5.7):
    """A spiral that lifts and folds once a turn: the simplest stretching and folding in continuous time."""
    return -y - z, x + a * y, b + z * (x - c)


@Flow
def Aizawa(x, y, z, *, a=0.95, b=0.7, c=0.6, d=3.5, e=0.25, f=0.1):
    """A rotating flow on a sphere with a tube through its axis."""
    return (
        (z - b) * x - d * y,
        d * x + (z - b) * y,
        c + a * z - z**3 / 3 - (x**2 + y**2) * (1 + e * z) + f * z * x**3,
    )


def _cyclic_sines(x, y, z, a, b):
    return b * sin(y) - a * x, b * sin(z) - a * y, b * sin(x) - a * z


@Flow
def Thomas(x, y, z, *, a=1.85, b=10.0):
    """A damped particle in a cyclically symmetric lattice of sine forces."""
    return _cyclic_sines(x, y, z, a, b)


@Flow
def ThomasLabyrinth(x, y, z, *, a=0.5, b=10.0):
    """Thomas's sine lattice with weak damping: the particle walks through many cells of a labyrinth."""
    return _cyclic_sines(x, y, z, a, b)


@Flow
def GuckenheimerHolmes(x, y, z, *, a=0.4, b=20.25, c=3.0, d=1.6, e=1.7, f=0.44):
    """Fast rotation about an axis along which the amplitude slowly climbs and collapses."""
    radius_squared = x**2 + y**2
    return (
        a * x - b * y + c * z * x + d * z * radius_squared,
        a * y + b * x + c * z * y,
        e - z**2 - f * radius_squared - a * z**3,
    )


@Flow
def Torus(x, y, z, *, a=0.5, n=15.3, r=1.0):
    """Motion along the winding of a torus, given as a function of time: quasi-periodic, all exponents zero."""
    return (
        -a * n * sin(n * t) * cos(t) - (r + a * cos(n * t)) * sin(t),
        -a * n * sin(n * t) * sin(t) + (r + a * cos(n * t)) * cos(t),
        a * n * cos(n * t),
    )


@Flow
def GenesioTesi(x, y, z, *, a=0.44, b=1.1, c=1.0):
    """A feedback loop of third order with one square, a test case of harmonic balance."""
    return y, z, -c * x - b * y - a * z + x**2


def _cubic_jerk(x, y, z, a, b, c, d):
    return y, z, -a * x - b * y - c * z + d * x**3


@Flow
def Arneodo(x, y, z, *, a=-5.5, b=4.5, c=1.0, d=-1.0):
    """A third-order loop with one cube, the normal form near a triple instability."""
    return _cubic_jerk(x, y, z, a, b, c, d)


@Flow
def Coullet(x, y, z, *, a=-0.8, b=1.1, c=0.45, d=-1.0):
    """The cubic third-order loop of Arneodo, Coullet and Tresser at a second set of parameters."""
    return _cubic_jerk(x, y, z, a, b, c, d)


@Flow
def MooreSpiegel(x, y, z, *, a=10.0, b=4.0, eps=9.0):
    """A fluid parcel that bobs in a stratified star while it exchanges heat."""
    return y, a * z, -z + eps * y - y * x**2 - b * x


@Flow
def PehlivanWei(x, y, z):
    """A parameter-free quadratic flow near Hopf bifurcations of codimension one and two."""
    return y - y * z, y + y * z - 2 * x, 2 - x * y - y**2


@Flow
def RabinovichFabrikant(x, y, z, *, a=1.1, g=0.87):
    """Waves in a medium out of equilibrium that modulate one another, kept to three modes."""
    return y * (z - 1 + x**2) + g * x, x * (3 * z + 1 - x**2) + g * y, -2 * z * (a + x * y)
