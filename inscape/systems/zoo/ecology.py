"""Food webs: who eats whom, and what they compete for."""

import numpy as np

from inscape.systems.flow import Flow
from inscape.systems.symbols import Min, pi, sin


@Flow
def Blasius(x, y, z, *, a=1.0, alpha1=0.2, alpha2=1.0, b=1.0, c=10.0, k1=0.05, k2=0.0, zs=0.006):
    """Plants, plant eaters and predators, whose phases stay regular while their heights do not."""
    grazed = alpha1 * x * y / (1 + k1 * x)
    hunted = alpha2 * y * z / (1 + k2 * y)
    return a * x - grazed, -b * y + grazed - hunted, -c * (z - zs) + hunted


@Flow
def HastingsPowell(x, y, z, *, a1=5.0, a2=0.1, b1=3.0, b2=2.0, d1=0.4, d2=0.01):
    """A food chain of three levels with predators that can be sated."""
    eaten = a1 * x * y / (1 + b1 * x)
    hunted = a2 * y * z / (1 + b2 * y)
    return x * (1 - x) - eaten, eaten - hunted - d1 * y, hunted - d2 * z


@Flow
def CoevolvingPredatorPrey(
    x,
    y,
    alpha,
    *,
    a1=2.5,
    a2=0.05,
    a3=0.4,
    b1=6.0,
    b2=1.333,
    d1=0.16,
    d2=0.004,
    delta=1.0,
    k1=6.0,
    k2=9.0,
    k4=9.0,
    vv=0.33333,
):
    """Prey, predator and the trait of the prey that evolves as fast as they breed."""
    mutant = alpha * delta
    birth = a1 * alpha * (1 - k1 * x * (mutant - alpha)) / (1 + b1 * alpha)
    death = d1 * (1 - k2 * (mutant**2 - alpha**2) + k4 * (mutant**4 - alpha**4))
    selection = -a1 * k1 * x * mutant / (1 + b1 * alpha) - d1 * delta * (4 * k4 * mutant**3 - 2 * k2 * mutant)
    return x * (birth - a3 * y / (1 + b2 * x) - death), y * (a2 * x / (1 + b2 * x) - d2), vv * selection


@Flow
def MacArthur(
    n1,
    n2,
    n3,
    n4,
    n5,
    r1,
    r2,
    r3,
    r4,
    r5,
    *,
    c=(
        (0.04, 0.04, 0.07, 0.04, 0.04),
        (0.08, 0.08, 0.08, 0.1, 0.08),
        (0.1, 0.1, 0.1, 0.1, 0.14),
        (0.05, 0.03, 0.03, 0.03, 0.03),
        (0.07, 0.09, 0.07, 0.07, 0.07),
    ),
    d=0.25,
    k=(
        (0.39, 0.34, 0.3, 0.24, 0.23),
        (0.22, 0.39, 0.34, 0.3, 0.27),
        (0.27, 0.22, 0.39, 0.34, 0.3),
        (0.3, 0.24, 0.22, 0.39, 0.34),
        (0.34, 0.3, 0.22, 0.2, 0.39),
    ),
    m=0.25,
    r=1.0,
    s=(6.0, 10.0, 14.0, 4.0, 9.0),
):
    """Five species of plankton on five resources, each held back by the resource it is shortest of."""
    species = np.array([n1, n2, n3, n4, n5])
    resources = np.array([r1, r2, r3, r4, r5])
    growth = np.array([Min(*(r * resources / (k[:, i] + resources))) for i in range(5)])
    return *(species * (growth - m)), *(d * (s - resources) - c @ (growth * species))


@Flow
def SaltonSea(x, y, z, *, a=15.0, d=8.3, k=400.0, lam=0.06, m=15.5, mu=3.4, r=22.0, th=10.0):
    """Healthy fish, infected fish and the birds that eat the infected."""
    caught = y * z / (a + y)
    return r * x * (1 - (x + y) / k) - lam * x * y, lam * x * y - m * caught - mu * y, th * caught - d * z


@Flow
def TurchinHanski(n, p, z, *, a=8.0, d=0.04, e=0.5, g=0.1, h=0.8, lamb=1.0, r=8.12, s=1.25):
    """Voles and weasels through the seasons of phase z, with other predators that take voles as well."""
    season = 1 - e * sin(z)
    return (
        r * n * season - r * n**2 - g * n**2 / (n**2 + h**2) - a * n * p / (n + d),
        s * p * season - s * p**2 / n,
        2 * pi * lamb,
    )
