"""Stirring: paths of a particle carried by a flow that is known in closed form."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import Max, Min, cos, cosh, exp, pi, sin, sinh, tanh


def _alternation(phase, tau):
    """Goes smoothly between 1 in the first half of each period and 0 in the second: (1 + tanh u) / 2.

    Where u is beyond 20 the Taylor series of tanh holds nothing of the change to come, and a step runs over it. Held
    at its ends, which moves it by under 1e-17, it has kinks that the integrator stops at.
    """
    twice_u = 40 * tau * sin(2 * pi * phase / tau)
    return 1 / (1 + exp(-Max(-40, Min(40, twice_u))))


@Flow
def ArnoldBeltramiChildress(x, y, z, *, a=1.73205, b=1.41421, c=1.0):
    """A steady flow along its own vorticity, an exact solution of Euler's equations on the torus."""
    return a * sin(z) + c * cos(y), b * sin(x) + a * cos(z), c * sin(y) + b * cos(x)


@Flow
def DoubleGyre(x, y, z, *, alpha=0.1, eps=0.1, omega=0.62832):
    """Two counter-rotating cells whose common wall swings; z is the phase of the swing."""
    bend = eps * sin(z)
    wall = bend * x**2 + (1 - 2 * bend) * x
    slope = 2 * bend * x + 1 - 2 * bend
    return -alpha * pi * sin(pi * wall) * cos(pi * y), alpha * pi * cos(pi * wall) * sin(pi * y) * slope, omega


@Flow
def OscillatingFlow(x, y, z, *, b=0.48, k=1.0, omega=0.49, u=0.72):
    """Convection rolls that sway from side to side; z is the phase of the sway."""
    swayed = k * (x + b * sin(z))
    return u * cos(k * y) * sin(swayed), -u * sin(k * y) * cos(swayed), omega


@Flow
def BickleyJet(
    y,
    x,
    z,
    *,
    ell=1.77,
    eps=(0.0075, 0.15, 0.3),
    k=(0.313922, 0.627845, 0.941767),
    omega=1.0,
    sigma=(9.05854e-06, 1.28453e-05, 2.88863e-05),
    u=6.266e-05,
):
    """A zonal jet with three waves that travel along it."""
    phases = k * (x - sigma * z)
    profile = 1 / cosh(y / ell) ** 2
    across = sum(e * wave * sin(phase) for e, wave, phase in zip(eps, k, phases, strict=True))
    along = sum(e * cos(phase) for e, phase in zip(eps, phases, strict=True))
    return ell * u * profile * across, u * profile * (-1 - 2 * tanh(y / ell) * along), omega


def _rotlet(r, theta, a, b, bc):
    """Radial and angular velocity in a disc of radius a, stirred at distance b; bc = 1 for a wall without slip."""
    kappa = a**2 + b**2 * r**2 / a**2 - 2 * b * r * cos(theta)
    gamma = (1 - r**2 / a**2) * (a**2 - b**2 * r**2 / a**2)
    iota = b**2 * r / a**2 - b * cos(theta)
    zeta = b**2 + r**2 - 2 * b * r * cos(theta)
    nu = a**2 + b**2 - 2 * b**2 * r**2 / a**2
    radial = b * sin(theta) * (-bc * gamma / kappa**2 - 1 / kappa + 1 / zeta)
    angular = bc * gamma * iota / kappa**2 + bc * r * nu / (a**2 * kappa) + iota / kappa - (r - b * cos(theta)) / zeta
    return radial, angular


def _blinking(r, theta, tt, a, b, bc, sigma, tau):
    first = _alternation(tt, tau)
    radial, angular = _rotlet(r, theta, a, b, bc)
    opposite_radial, opposite_angular = _rotlet(r, theta, a, -b, bc)
    return (
        sigma * (first * radial + (1 - first) * opposite_radial),
        sigma * (first * angular + (1 - first) * opposite_angular) / r,
        1,
    )


@Flow
def BlinkingRotlet(r, theta, tt, *, a=1.0, b=0.5298833894399929, bc=1.0, sigma=-1.0, tau=3.0):
    """A viscous disc stirred by two rods in turn; polar coordinates and a clock."""
    return _blinking(r, theta, tt, a, b, bc, sigma, tau)


@Flow
def BlinkingVortex(r, theta, tt, *, a=1.0, b=0.5, bc=0.0, sigma=-1.0, tau=3.0):
    """An inviscid disc stirred by two point vortices in turn; polar coordinates and a clock."""
    return _blinking(r, theta, tt, a, b, bc, sigma, tau)


@Flow
def InteriorSquirmer(r, th, tt, *, a=(0.5,) * 5, g=(0.5,) * 5, tau=3.0):
    """A viscous disc driven by the motion of its rim, which alternates between two patterns of five modes."""
    first = _alternation(tt, tau)
    radial = angular = 0
    for n in range(1, 6):
        sine, cosine = first * a[n - 1], (1 - first) * g[n - 1]
        radial += n * r ** (n - 1) * (r**2 - 1) * (cosine * cos(n * th) + sine * sin(n * th))
        angular += r ** (n - 1) * (2 * r + n * (r**2 - 1) / r) * (sine * cos(n * th) - cosine * sin(n * th))
    return radial, angular, 1


@Flow
def LidDrivenCavityFlow(x, y, tt, *, a=6.0, b=1.0, tau=1.1, u1=9.92786, u2=8.34932):
    """A viscous channel of width a and half-height b, whose walls slide in two patterns in turn."""
    first = _alternation(tt, tau)
    across = along = 0
    # The two patterns differ only in the sign of the first mode, which therefore enters with weight 2 first - 1.
    for n, speed in ((1, (2 * first - 1) * u1), (2, u2)):
        k = n * pi / a
        scale = 2 * speed / (2 * k * a * b + a * sinh(2 * k * b))
        shape = a * sinh(k * y) + k * a * y * cosh(k * y)
        across += scale * sin(k * x) * (cosh(k * b) * shape - k * a * b * sinh(k * b) * sinh(k * y))
        lift = b * sinh(k * b) * cosh(k * y) - y * cosh(k * b) * sinh(k * y)
        along += scale * k * a * cos(k * x) * lift
    return across, along, 1
