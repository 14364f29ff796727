"""Reactions in a stirred vessel."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import Max, cos, sqrt


@Flow
def BelousovZhabotinsky(
    x,
    z,
    v,
    *,
    c1=-8.03474,
    c10=0.0223915,
    c11=7.53559e-05,
    c12=8.07384e-06,
    c13=-0.000499825,
    c2=0.05408,
    c3=-0.0115886,
    c4=832.587,
    c5=-0.029155,
    c6=0.00321617,
    c7=-0.01352,
    c8=-0.0831709,
    c9=-0.0199985,
    ci=0.000833,
    kf=0.00035,
    t0=2308.62,
    y0=7.72571e-06,
    yb1=6.92813e-07,
    yb2=2.00869,
    yb3=0.01352,
    z0=8.33e-06,
):
    """The bromate oscillator with three species left: bromous acid, the catalyst and bromomalonic acid, all scaled."""
    bromide = yb1 * z * v / (y0 * (yb2 * x + yb3 + kf))
    acid = Max(0, x)
    radicals = (ci - z0 * z) * sqrt(acid)
    return (
        t0 * (c1 * acid * bromide + c2 * bromide + c3 * acid**2 + c4 * radicals + c5 * acid * z - kf * acid),
        t0 * (c6 / z0 * radicals + c7 * acid * z + c8 * z * v + c9 * z - kf * z),
        t0 * (c10 * acid * bromide + c11 * bromide + c12 * acid**2 + c13 * z * v - kf * v),
    )


@Flow
def ForcedBrusselator(x, y, z, *, a=0.4, b=1.2, f=0.05, w=0.81):
    """An autocatalytic reaction with a feed that varies as a cosine of phase z."""
    return a + x**2 * y - (b + 1) * x + f * cos(z), b * x - x**2 * y, w


@Flow
def IsothermalChemical(alpha, beta, gamma, *, delta=1.0, kappa=2.5, mu=0.29786, sigma=0.013):
    """Cubic autocatalysis at constant temperature: large and small oscillations in turn."""
    autocatalysis = alpha * beta**2
    return (
        mu * (kappa + gamma) - autocatalysis - alpha,
        (autocatalysis + alpha - beta) / sigma,
        (beta - gamma) / delta,
    )


@Flow
def KawczynskiStrizhak(x, y, z, *, beta=-0.4, gamma=0.49, kappa=0.2, mu=2.1):
    """Mixed-mode oscillations of the bromate reaction from one cubic and two linear laws."""
    return gamma * (y - x**3 + 3 * mu * x), beta - 2 * mu * x - y - z, kappa * (x - z)
