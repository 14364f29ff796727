"""Electronic circuits: diodes, transistors, triodes and operational amplifiers."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import Abs, Max, exp, heaviside, sin, tanh


@Flow
def Chua(x, y, z, *, alpha=15.6, beta=28.0, m0=-1.142857, m1=-0.71429):
    """Two capacitors, a coil and a diode of piecewise linear negative resistance: the double scroll."""
    diode = m1 * x + (m0 - m1) * (Abs(x + 1) - Abs(x - 1)) / 2
    return alpha * (y - x - diode), x - y + z, -beta * y


@Flow
def MultiChua(
    x,
    y,
    z,
    *,
    a=9.0,
    b=14.286,
    c=(0.0, 1.0, 2.15, 3.6, 8.2, 13.0),
    m=(-0.14285714, 0.28571429, -0.57142857, 0.28571429, -0.57142857, 0.28571429),
):
    """Chua's circuit with a diode of five breakpoints a side, which strings several scrolls in a row."""
    steps = ((m[i - 1] - m[i]) * (Abs(x + c[i]) - Abs(x - c[i])) for i in range(1, 6))
    diode = m[5] * x + sum(steps) / 2
    return a * (y - diode), x - y + z, -b * y


@Flow
def CellularNeuralNetwork(x, y, z, *, a=4.4, b=3.21, c=1.1, d=1.24):
    """Three cells of an analogue array, coupled through clipped outputs."""
    fx, fy, fz = ((Abs(u + 1) - Abs(u - 1)) / 2 for u in (x, y, z))
    return -x + d * fx - b * fy - b * fz, -y - b * fx + c * fy - a * fz, -z - b * fx + a * fy + fz


@Flow
def Colpitts(x, y, z, *, a=30.0, b=0.8, c=20.0, d=0.08, e=10.0):
    """A transistor oscillator whose current flows only below a threshold voltage."""
    return y - a * Max(e - 1 - z, 0), c - x - b * y - z, y - d * z


@Flow
def AnishchenkoAstakhov(x, y, z, *, eta=0.5, mu=1.2):
    """A generator with inertial feedback: a half-wave detector controls the gain."""
    return mu * x + y - x * z, -x, -eta * z + eta * heaviside(x) * x**2


@Flow
def JerkCircuit(x, y, z, *, eps=1e-9, y0=0.026):
    """A third-order circuit with one diode as its only nonlinearity."""
    return y, z, -z - x - eps * (exp(y / y0) - 1)


@Flow
def ForcedVanDerPol(x, y, z, *, a=1.2, mu=8.53, w=0.63):
    """A triode's relaxation oscillation, driven by a sine; z is the phase of the drive."""
    return y, mu * (1 - x**2) * y - x + a * sin(z), w


@Flow
def SanUmSrisuchinwong(x, y, z, *, a=2.0):
    """Two scrolls from a saturating switch and a rectifier."""
    return y - x, -z * tanh(x), -a + x * y + Abs(y)


@Flow
def ZhouChen(x, y, z, *, a=2.97, b=0.15, c=-3.0, d=1.0, e=-8.78):
    """A smooth quadratic circuit whose attractor has three layers."""
    return a * x + b * y + y * z, c * y - x * z + d * y * z, e * z - x * y
