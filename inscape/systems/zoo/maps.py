"""Maps of the line and of the plane: laws in steps."""

from inscape.systems.map import Map
from inscape.systems.symbols import Abs, acos, cos, exp, floor, modulo, pi, sign, sin, sqrt

# Exact doubling modulo 1 loses one binary digit a step: in floating point every orbit would be at 0 after 53 steps.
DOUBLING = 2 - 1e-10


@Map
def Logistic(x, *, r=3.9):
    """A population that grows in proportion to itself and to the room left."""
    return r * x * (1 - x)


@Map
def Ricker(x, *, a=3.3):
    """Fish stock from one year to the next when crowding kills exponentially."""
    return x * exp(a - x)


@Map
def Tent(x, *, mu=0.95):
    """Two straight slopes that meet in a peak."""
    return mu * (1 - 2 * Abs(x - 0.5))


@Map
def Gauss(x, *, a=4.9, b=-0.5):
    """A bell curve, shifted."""
    return exp(-a * x**2) + b


@Map
def Chebyshev(x, *, a=6.0):
    """The Chebyshev polynomial of degree a on [-1, 1]: chaos with a known density and exponent log a."""
    return cos(a * acos(x))


@Map
def Circle(theta, *, omega=0.333, k=5.7):
    """A phase that advances by a fixed angle and is kicked by a sine."""
    return theta + omega + k / (2 * pi) * sin(2 * pi * theta)


@Map
def Henon(x, y, *, a=1.4, b=0.3):
    """The plane stretched, folded and contracted by a constant factor b."""
    return 1 - a * x**2 + y, b * x


@Map
def Chirikov(p, x, *, k=0.971635):
    """A rotor kicked once a turn: the standard map, near the break-up of its last torus."""
    momentum = p + k * sin(x)
    return momentum, x + momentum


@Map
def Zaslavskii(x, y, *, eps=5.0, nu=0.2, r=2.0):
    """A damped rotor kicked by a cosine of its phase."""
    mu = (1 - exp(-r)) / r
    return (
        modulo(x + nu * (1 + mu * y) + eps * nu * mu * cos(2 * pi * x), 1),
        exp(-r) * (y + eps * cos(2 * pi * x)),
    )


@Map
def KaplanYorke(x, y, *, alpha=0.2):
    """A doubling map that drives a contracting line: the example with a known dimension."""
    return modulo(DOUBLING * x, 1), alpha * y + cos(4 * pi * x)


@Map
def Baker(x, y, *, a=1.0):
    """Dough rolled to twice its length, cut and stacked."""
    return modulo(DOUBLING * x, 1), (a * y + floor(2 * x)) / 2


@Map
def Bogdanov(x, y, *, eps=0.0, k=1.2, mu=0.0):
    """A vector field near a double-zero bifurcation, taken in finite steps."""
    velocity = (1 + eps) * y + k * x * (x - 1) + mu * x * y
    return x + velocity, velocity


@Map
def IkedaMap(x, y, *, u=0.9):
    """The field in a laser cavity from one round trip to the next."""
    phase = 0.4 - 6 / (1 + x**2 + y**2)
    return 1 + u * (x * cos(phase) - y * sin(phase)), u * (x * sin(phase) + y * cos(phase))


@Map
def Tinkerbell(x, y, *, a=0.9, b=-0.6013, c=2.0, d=0.5):
    """The complex square with a linear distortion."""
    return x**2 - y**2 + a * x + b * y, 2 * x * y + c * x + d * y


@Map
def DuffingMap(x, y, *, a=2.75, b=0.2):
    """A forced oscillator with a cubic spring, seen once a period."""
    return y, -b * x + a * y - y**3


@Map
def MaynardSmith(x, y, *, a=0.87, b=0.75):
    """A population that answers its numbers of two generations ago."""
    return y, a * y + b - x**2


@Map
def Gingerbreadman(x, y):
    """An area-preserving piecewise linear map, named for the shape of its islands."""
    return 1 - y + Abs(x), x


@Map
def GumowskiMira(x, y, *, a=-1.1, b=-0.2):
    """Particles in an accelerator, turn by turn, with a rational focusing force."""

    def force(u):
        return a * u + 2 * (1 - a) * u**2 / (1 + u**2)

    following = b * y + force(x)
    return following, force(following) - x


@Map
def Hopalong(x, y, *, a=3.1, b=2.5, c=4.2):
    """Martin's orbits, which jump outwards along rings by a square root."""
    return y - 1 - sign(x - 1) * sqrt(Abs(b * x - 1 - c)), a - x - 1


@Map
def DeJong(x, y, *, a=1.641, b=1.902, c=0.316, d=1.525):
    """Differences of sines and cosines, one of the trigonometric maps drawn as pictures."""
    return sin(a * y) - cos(b * x), sin(c * x) - cos(d * y)


@Map
def Svensson(x, y, *, a=1.5, b=-1.8, c=1.6, d=0.9):
    """A trigonometric map with two amplitudes, a relative of de Jong's."""
    return d * sin(a * x) - sin(b * y), c * cos(a * x) + cos(b * y)


@Map
def Pickover(x, y, *, a=-1.4, b=1.6, c=1.0, d=0.7):
    """A trigonometric map with weighted cosines, also called Clifford's attractor."""
    return sin(a * y) + c * cos(a * x), sin(b * x) + d * cos(b * y)


@Map
def Bedhead(x, y, *, a=-0.67, b=0.83):
    """A trigonometric map with the sine of a product, which draws tangled strands."""
    return y * sin(x * y / b) + cos(a * x - y), x + sin(y) / b
