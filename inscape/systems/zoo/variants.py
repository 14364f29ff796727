"""Laws that mend a published one where other numbers would not do; named in variants.json."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import cos, sign, sin


@Flow
def DoublePendulumConservative(th1, th2, p1, p2, *, g=9.81, l1=1.0, l2=1.0, m1=1.0, m2=1.0):
    """Two rods in a chain, by Hamilton's equations: angles and their momenta, energy conserved."""
    delta = th1 - th2
    inertia = l1 * l2 * (m1 + m2 * sin(delta) ** 2)
    twist = p1 * p2 * sin(delta) / inertia
    kinetic = m2 * l2**2 * p1**2 + (m1 + m2) * l1**2 * p2**2 - 2 * m2 * l1 * l2 * p1 * p2 * cos(delta)
    shift = sin(2 * delta) * kinetic / (2 * inertia**2)
    return (
        (l2 * p1 - l1 * p2 * cos(delta)) / (l1 * inertia),
        ((m1 + m2) * l1 * p2 - m2 * l2 * p1 * cos(delta)) / (m2 * l2 * inertia),
        -(m1 + m2) * g * l1 * sin(th1) - twist + shift,
        -m2 * g * l2 * sin(th2) + twist - shift,
    )


@Flow
def StickSlipConsistent(x, v, th, *, a=1.0, alpha=0.3, b=1.0, beta=0.3, eps=0.05, gamma=1.0, t0=0.3, vs=0.4, w=2.0):
    """A mass on a moving belt whose friction depends on the slip between mass and belt alone."""
    slip = v - vs
    friction = t0 * sign(slip) - alpha * slip + beta * slip**3
    return v, eps * (gamma * cos(th) - friction) + a * x - b * x**3, w


@Flow
def HindmarshRoseTextbook(x, y, z, *, a=1.0, b=3.0, c=1.0, d=5.0, r=0.006, s=4.0, x_rest=-1.6, current=3.25):
    """The bursting neuron of Hindmarsh and Rose: membrane potential, spiking and slow adaptation."""
    return y - a * x**3 + b * x**2 - z + current, c - d * x**2 - y, r * (s * (x - x_rest) - z)
