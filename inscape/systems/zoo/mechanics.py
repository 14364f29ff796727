"""Rigid bodies, pendulums, particles and stars: laws of motion in the narrow sense."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import Abs, cos, heaviside, sign, sin, sqrt


@Flow
def Duffing(x, y, z, *, alpha=1.0, beta=-1.0, delta=0.1, gamma=0.35, omega=1.4):
    """A bistable spring with damping, shaken by a cosine; z is the phase of the drive."""
    return y, -delta * y - beta * x - alpha * x**3 + gamma * cos(z), omega


@Flow
def DoublePendulum(th1, th2, p1, p2, *, g=9.81, l1=1.0, l2=1.0, m1=1.0, m2=1.0):
    """Two rods in a chain, as published: angles and momenta, with a momentum law that does not conserve energy."""
    delta = th1 - th2
    inertia = l1 * l2 * (m1 + m2 * sin(delta) ** 2)
    rate1 = (l2 * p1 - l1 * p2 * cos(delta)) / (l1 * inertia)
    rate2 = ((m1 + m2) * l1 * p2 - m2 * l2 * p1 * cos(delta)) / (m2 * l2 * inertia)
    twist = p1 * p2 * sin(delta) / inertia
    published = sin(2 * delta) * (m2 * l2 * p1**2 / (2 * l1 * inertia**2) + m2 * p2 * l1 * l2 * rate2 / (2 * inertia))
    return (
        rate1,
        rate2,
        -(m1 + m2) * g * l1 * sin(th1) - twist + published,
        -m2 * g * l2 * sin(th2) + twist - published,
    )


@Flow
def SwingingAtwood(r, th, pr, pth, *, m1=1.0, m2=4.5):
    """Two weights on one rope over a pulley, the lighter free to swing."""
    gravity = 9.82
    return (
        pr / (m1 + m2),
        pth / (m1 * r**2),
        pth**2 / (m1 * r**3) - m2 * gravity + m1 * gravity * cos(th),
        -m1 * gravity * r * sin(th),
    )


@Flow
def StickSlipOscillator(x, v, th, *, a=1.0, alpha=0.3, b=1.0, beta=0.3, eps=0.05, gamma=1.0, t0=0.3, vs=0.4, w=2.0):
    """A mass on a moving belt that sticks and slips, with a double well and a weak drive of phase th."""
    friction = t0 * sign(v - vs) - alpha * v + beta * (v - vs) ** 3
    return v, eps * (gamma * cos(th) - friction) + a * x - b * x**3, w


@Flow
def FluidTrampoline(x, y, th, *, gamma=1.82, psi=0.01019, w=1.21):
    """A droplet that bounces on a shaken soap film: free flight above, a lossy spring below."""
    return y, -1 - heaviside(-x) * (x + psi * y * Abs(y)) + gamma * cos(th), w


@Flow
def HenonHeiles(x, y, px, py, *, lam=1.0):
    """A star in the potential of a galaxy, with a cubic term that breaks its symmetry."""
    return px, py, -x - 2 * lam * x * y, -y - lam * (x**2 - y**2)


@Flow
def NuclearQuadrupole(q1, q2, p1, p2, *, a=1.0, b=0.55, d=0.4):
    """The shape of a nucleus: a plane oscillator with cubic and quartic terms."""
    radius_squared = q1**2 + q2**2
    return (
        a * p1,
        a * p2,
        -a * q1 + 3 / sqrt(2) * b * (q1**2 - q2**2) - d * q1 * radius_squared,
        -a * q2 - 3 * sqrt(2) * b * q1 * q2 - d * q2 * radius_squared,
    )


@Flow
def ArnoldWeb(p1, p2, x1, x2, z, *, mu=0.01, w=1.0):
    """Two rotors and a clock, weakly coupled: slow drift along a web of resonances."""
    coupling = mu / (4 + cos(x1) + cos(x2) + cos(z)) ** 2
    return -coupling * sin(x1), -coupling * sin(x2), p1, p2, w


@Flow
def NewtonLiepnik(x, y, z, *, a=0.4, b=0.175):
    """A rigid body with linear feedback, which has two strange attractors at once."""
    return -a * x + y + 10 * y * z, -x - 0.4 * y + 5 * x * z, b * z - 5 * x * y


@Flow
def ChenLee(x, y, z, *, a=5.0, b=-10.0, c=-0.38):
    """Euler's gyroscope with feedback that provokes chaos."""
    return a * x - y * z, b * y + x * z, c * z + x * y / 3


@Flow
def NoseHoover(x, y, z, *, a=1.5):
    """An oscillator kept at a temperature by a thermostat variable."""
    return y, -x + y * z, a - y**2
