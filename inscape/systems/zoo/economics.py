"""Business cycles in three variables."""

from inscape.systems.flow import Flow


def _business_cycle(x, y, z, a, b, bb, c, g, m, y0):
    return a * x * (y0 - y) - b * z, -g * y * (1 - x**2), -m * x * (1.5 - bb * z) - c * z


@Flow
def Bouali(x, y, z, *, a=1.0, b=-0.3, bb=1.0, c=0.05, g=1.0, m=1.0, y0=4.0):
    """Savings, output and foreign capital in a loop of van der Pol's kind."""
    return _business_cycle(x, y, z, a, b, bb, c, g, m, y0)


@Flow
def Bouali2(x, y, z, *, a=3.0, b=2.2, bb=0.0, c=0.0, g=1.0, m=-0.0026667, y0=1.0):
    """Bouali's cycle with a weak linear outer loop."""
    return _business_cycle(x, y, z, a, b, bb, c, g, m, y0)


@Flow
def Finance(x, y, z, *, a=0.001, b=0.2, c=1.1):
    """Interest rate, demand for investment and prices."""
    return (1 / b - a) * x + z + x * y, -b * y - x**2, -x - c * z
